// Reading files whole or in pieces, with errors that name them.

#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <memory>
#include <string>

namespace hearsight {

// A file opened for reading. Throws Error(file) naming it if it cannot be opened or read.
class InputFile {
  public:
    explicit InputFile(const std::filesystem::path& path);

    // Up to `most` bytes into `into`; fewer than that only at the end of the file.
    std::size_t read(char* into, std::size_t most);

  private:
    struct Close {
        void operator()(std::FILE* file) const { std::fclose(file); }
    };

    std::filesystem::path path_;
    std::unique_ptr<std::FILE, Close> file_;
};

// The content of a file, of which at most `most` bytes are read: a caller who wants to know
// whether it is larger than some limit asks for one byte more.
std::string read_file(const std::filesystem::path& path,
                      std::size_t most = std::numeric_limits<std::size_t>::max());

// A path as users read it, in UTF-8.
std::string shown(const std::filesystem::path& path);

}  // namespace hearsight
