// Whatever bytes come as a manifest, the reader takes them or refuses them with its own error.
//
// Configure with Clang and -DHEARSIGHT_FUZZING=ON -DHEARSIGHT_SANITIZE=address,undefined, then:
//     fuzz_manifest -max_total_time=600 -max_len=16384 -dict=tests/native/corpus/manifest.dict \
//         NEW_FOLDER tests/native/corpus/manifest
// What it finds goes to NEW_FOLDER; `-merge=1 tests/native/corpus/manifest NEW_FOLDER` keeps of
// it what reaches new code.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "error.h"
#include "manifest.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size);

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    try {
        hearsight::parse_manifest({reinterpret_cast<const char*>(bytes), size}, "here");
    } catch (const hearsight::Error& refusal) {
        if (std::string_view(refusal.what()).substr(0, 4) != "here") {
            std::abort();
        }
    }
    return 0;
}
