#include "bundle.h"

#include <algorithm>
#include <cstring>
#include <system_error>

#include "contract.h"
#include "error.h"
#include "files.h"
#include "sha256.h"

namespace hearsight {
namespace {

namespace fs = std::filesystem;

constexpr const char* kManifest = "bundle.json";
constexpr std::size_t kMostManifestBytes = std::size_t{16} << 20;
constexpr const char* kAgain =
    ": the file is damaged or incomplete; fetch or export the bundle again.";

[[noreturn]] void refuse(const std::string& message) {
    throw Error(Status::bundle, message);
}

fs::path find_root(const std::string& said) {
    fs::path root = fs::u8path(said);
    std::error_code unknown;
    if (root.filename() == kManifest && fs::is_regular_file(root, unknown)) {
        root = root.has_parent_path() ? root.parent_path() : fs::path(".");
    }
    if (fs::is_regular_file(root, unknown)) {
        refuse(said + " is a file and a bundle is a folder; a bundle in a zip is unpacked first.");
    }
    if (!fs::is_regular_file(root / kManifest, unknown)) {
        const bool there = fs::is_directory(root, unknown);
        refuse(said + (there ? std::string(" holds no ") + kManifest : " does not exist") +
               ", so there is no bundle to open.");
    }
    return root;
}

std::string wrong_size(const fs::path& path, std::uintmax_t size, std::int64_t listed) {
    return shown(path) + " has " + std::to_string(size) + " bytes and not " +
           std::to_string(listed) + kAgain;
}

void check_file(const Bundle& bundle, const Listed& listed, Verify verify) {
    const fs::path path = bundle.path(*listed.file);
    std::error_code unknown;
    if (!fs::is_regular_file(path, unknown)) {
        refuse(shown(path) + " is missing, which " + kManifest + " names at " + listed.at +
               ": fetch or export the bundle again.");
    }
    const std::uintmax_t size = fs::file_size(path, unknown);
    if (unknown || size != static_cast<std::uintmax_t>(listed.file->bytes)) {
        refuse(wrong_size(path, unknown ? 0 : size, listed.file->bytes));
    }
    if (verify == Verify::all && file_sha256(path) != listed.file->sha256) {
        refuse(shown(path) + " has not the hash that " + kManifest + " gives it" + kAgain);
    }
}

void check_files(const Bundle& bundle, Verify verify) {
    for (const Listed& listed : files(bundle.manifest)) {
        check_file(bundle, listed, verify);
    }
}

}  // namespace

fs::path Bundle::path(const DataFile& listed) const {
    return confined(root, listed.file);
}

Tensor Bundle::tensor(const TensorFile& listed) const {
    const fs::path file = path(listed);
    if (listed.dtype != DType::float32) {
        refuse(shown(file) + " holds " + name_of(listed.dtype) + " where float32 is needed.");
    }
    const auto size = static_cast<std::size_t>(listed.bytes);
    const std::string raw = read_file(file, size + 1);
    Tensor tensor = {listed.shape, std::vector<float>(size / sizeof(float))};
    if (raw.size() != size || tensor.data.size() != count(tensor.shape)) {
        refuse(wrong_size(file, raw.size(), listed.bytes));
    }
    if (size != 0) {
        std::memcpy(tensor.data.data(), raw.data(), size);
    }
    return tensor;
}

Bundle open_bundle(const std::string& path, Verify verify) {
    Bundle bundle;
    bundle.root = find_root(path);
    const fs::path where = confined(bundle.root, kManifest);
    const std::string raw = read_file(where, kMostManifestBytes + 1);
    if (raw.size() > kMostManifestBytes) {
        refuse(shown(where) + " is larger than " + std::to_string(kMostManifestBytes) +
               " bytes: no manifest is.");
    }
    bundle.manifest = parse_manifest(raw, shown(where));
    bundle.sha256 = sha256(raw);
    check_files(bundle, verify);
    return bundle;
}

void verify(const Bundle& bundle) {
    check_files(bundle, Verify::all);
}

fs::path confined(const fs::path& root, const std::string& file) {
    const fs::path path = root / fs::u8path(file);
    std::error_code failed;
    const fs::path real_root = fs::canonical(root, failed);
    const fs::path real = failed ? fs::path() : fs::weakly_canonical(path, failed);
    const auto parted = std::mismatch(real_root.begin(), real_root.end(), real.begin(), real.end());
    if (failed || parted.first != real_root.end()) {
        refuse(shown(path) +
               " leads out of the bundle's folder: a bundle holds all its files itself. Do not "
               "use this bundle unless you know who made it.");
    }
    return path;
}

}  // namespace hearsight
