/* The header alone, as C99 reads it. Sizes and places of 64-bit programs that are out in the
 * world: a struct may only grow at its end. */

#include <hearsight.h>

#include <stddef.h>

#define PIN(name, condition) typedef char name[(sizeof(void*) != 8 || (condition)) ? 1 : -1]

PIN(pin_engine_options, sizeof(hs_engine_options) >= 104);
PIN(pin_engine_options_end, offsetof(hs_engine_options, memory_user) == 96);
PIN(pin_bundle_options, sizeof(hs_bundle_options) >= 32);
PIN(pin_bundle_options_end, offsetof(hs_bundle_options, verify) == 24);
PIN(pin_bundle_info, offsetof(hs_bundle_info, why) == 72);
PIN(pin_prompt, offsetof(hs_prompt, sample_rate) == 56 && sizeof(hs_prompt) >= 64);
PIN(pin_request, offsetof(hs_request, strength) == 120);
PIN(pin_progress, offsetof(hs_progress, takes) == 20);
PIN(pin_callbacks, offsetof(hs_callbacks, finished) == 24);
PIN(pin_memory, offsetof(hs_memory, samples) == 24);
PIN(pin_take_info, offsetof(hs_take_info, notes) == 48);

int from_cpp(void);

int main(void) {
    hs_prompt prompt = {0};
    hs_request request = {0};
    prompt.struct_size = sizeof prompt;
    request.struct_size = sizeof request;
    request.prompts = &prompt;
    return hs_version() == HS_VERSION ? from_cpp() : 1;
}
