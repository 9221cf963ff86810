// A shared library that is opened while the program runs, by its absolute path and no other way.

#pragma once

#include <string>

namespace hearsight {

// The library at an absolute path (UTF-8). It stays loaded as long as the process lives: ONNX
// Runtime keeps threads and memory that outlast its last session, and unloading it under them is
// a crash at exit. Opening the same file again gives the same library.
class Library {
  public:
    // Throws Error(device): the path is not absolute, or the system's loader refused; the message
    // carries its reason, and which library of a library is missing.
    explicit Library(const std::string& path);

    // The address of an exported name; throws Error(device) if the library has none.
    template <typename Function>
    Function* function(const char* name) const {
        return reinterpret_cast<Function*>(address(name));
    }

    const std::string& path() const { return path_; }

  private:
    void* address(const char* name) const;

    std::string path_;
    void* handle_;
};

// Sets an environment variable of this process for libraries that look at it while they load.
void set_environment(const char* name, const char* value);

}  // namespace hearsight
