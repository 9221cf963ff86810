#include "files.h"

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "error.h"

namespace hearsight {
namespace {

constexpr std::size_t kChunk = std::size_t{1} << 16;

[[noreturn]] void unreadable(const std::filesystem::path& path, int reason) {
    throw Error(Status::file,
                shown(path) + " cannot be read: " + std::generic_category().message(reason) + ".");
}

std::FILE* opened(const std::filesystem::path& path) {
#ifdef _WIN32
    return _wfopen(path.c_str(), L"rb");
#else
    return std::fopen(path.c_str(), "rbe");
#endif
}

}  // namespace

InputFile::InputFile(const std::filesystem::path& path) : path_(path), file_(opened(path)) {
    if (!file_) {
        unreadable(path, errno);
    }
}

std::size_t InputFile::read(char* into, std::size_t most) {
    const std::size_t size = std::fread(into, 1, most, file_.get());
    if (size < most && std::ferror(file_.get()) != 0) {
        unreadable(path_, errno);
    }
    return size;
}

std::string read_file(const std::filesystem::path& path, std::size_t most) {
    InputFile file(path);
    std::error_code unknown;
    const std::uintmax_t told = std::filesystem::file_size(path, unknown);
    std::string content;
    if (!unknown) {
        content.reserve(static_cast<std::size_t>(std::min<std::uintmax_t>(told, most)));
    }
    // The size may change meanwhile, and some systems' own files have none: read to the end.
    while (content.size() < most) {
        const std::size_t before = content.size();
        const std::size_t wanted = std::min(most - before, kChunk);
        content.resize(before + wanted);
        const std::size_t size = file.read(&content[before], wanted);
        content.resize(before + size);
        if (size < wanted) {
            break;
        }
    }
    return content;
}

std::string shown(const std::filesystem::path& path) {
    return path.u8string();
}

}  // namespace hearsight
