// Whatever bytes come as an ONNX file, the reader tells the files it names or refuses it.
//
// As fuzz_manifest:
//     fuzz_external -max_total_time=600 NEW_FOLDER tests/native/corpus/external

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string_view>

#include "external.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size);

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    try {
        hearsight::external_files({reinterpret_cast<const char*>(bytes), size});
    } catch (const std::invalid_argument&) {
        return 0;
    }
    return 0;
}
