// The header alone, as C++17 reads it: every function is there, and has C's names.

#include <hearsight.h>

#include <type_traits>

static_assert(std::is_trivially_copyable_v<hs_request> && std::is_standard_layout_v<hs_request>);
static_assert(std::is_same_v<hs_status, int32_t>);

extern "C" int from_cpp(void);

int from_cpp(void) {
    using Function = void (*)();
    const Function all[] = {
        reinterpret_cast<Function>(hs_version),
        reinterpret_cast<Function>(hs_engine_create),
        reinterpret_cast<Function>(hs_engine_destroy),
        reinterpret_cast<Function>(hs_engine_error),
        reinterpret_cast<Function>(hs_bundle_open),
        reinterpret_cast<Function>(hs_bundle_get_info),
        reinterpret_cast<Function>(hs_bundle_close),
        reinterpret_cast<Function>(hs_estimate),
        reinterpret_cast<Function>(hs_job_start),
        reinterpret_cast<Function>(hs_job_poll),
        reinterpret_cast<Function>(hs_job_wait),
        reinterpret_cast<Function>(hs_job_cancel),
        reinterpret_cast<Function>(hs_job_error),
        reinterpret_cast<Function>(hs_job_result),
        reinterpret_cast<Function>(hs_job_free),
        reinterpret_cast<Function>(hs_take_get_info),
        reinterpret_cast<Function>(hs_take_free),
    };
    for (const Function function : all) {
        if (!function) {
            return 1;
        }
    }
    return 0;
}
