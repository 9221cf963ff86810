// Shared libraries that are opened while the program runs, by their absolute path; of the system's
// own, a driver alone goes by its name.

#pragma once

#include <optional>
#include <string>
#include <utility>

namespace hearsight {

// The library at an absolute path (UTF-8). It stays loaded as long as the process lives: ONNX
// Runtime keeps threads and memory that outlast its last session, and unloading it under them is
// a crash at exit. Opening the same file again gives the same library.
class Library {
  public:
    // Throws Error(device): the path is not absolute, or the system's loader refused; the message
    // carries its reason, and which library of a library is missing.
    explicit Library(const std::string& path);

    // A library of the system's own, such as a driver, by its name. Throws as above.
    static Library of_system(const std::string& name);

    // The library that an address lies in, such as one that the host has loaded; none where that
    // is no library of its own.
    static std::optional<Library> around(const void* address);

    // The address of an exported name; throws Error(device) if the library has none.
    template <typename Function>
    Function* function(const char* name) const {
        return reinterpret_cast<Function*>(address(name));
    }

    const std::string& path() const { return path_; }

  private:
    Library(std::string path, void* handle) : path_(std::move(path)), handle_(handle) {}

    void* address(const char* name) const;

    std::string path_;
    void* handle_;
};

// Sets an environment variable of this process for libraries that look at it while they load.
void set_environment(const char* name, const char* value);

}  // namespace hearsight
