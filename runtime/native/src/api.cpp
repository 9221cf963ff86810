// The C API: handles are looked up, structs copied in and out, exceptions turned into status codes.

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

#ifndef _WIN32
#include <unistd.h>
#endif

#include "error.h"
#include "failure.h"
#include "handles.h"
#include "hearsight.h"
#include "job.h"
#include "log.h"
#include "player.h"
#include "structs.h"

using namespace hearsight;

namespace {

// Never destroyed: a host may end without giving back what it holds, and destructors of a library
// run while its other threads still do.
struct Living {
    Handles<hs_engine, Player, 1> engines;
    Handles<hs_bundle, Loaded, 2> bundles;
    Handles<hs_job, Job, 3> jobs;
    Handles<hs_take, const HeldTake, 4> takes;
};

Living& living() {
    static Living* const kept = new Living;
    return *kept;
}

// The words of this thread's last failure. The host may call from what runs at the end of a thread,
// after this was destroyed; then nobody is left to read them.
struct LastWords {
    std::string text;
    ~LastWords() { gone = true; }
    static thread_local bool gone;
};

thread_local bool LastWords::gone = false;
thread_local LastWords last_words;

void note(std::string text) noexcept {
    if (!LastWords::gone) {
        last_words.text = std::move(text);
    }
}

[[noreturn]] void refuse(const std::string& text) {
    throw Error(Status::usage, text);
}

// The object, of which `handle` must be one.
template <typename Object>
Object held(Object found, const char* kind) {
    if (!found) {
        refuse(std::string("The handle is none of a living ") + kind + ".");
    }
    return found;
}

template <typename Pointer>
Pointer& given(Pointer* place, const char* name) {
    if (!place) {
        refuse(std::string(name) + " is NULL.");
    }
    return *place;
}

// A forked process has this one's memory and none of its threads: whatever they held stays locked,
// and what they were to do is never done.
void refuse_in_fork() {
#ifndef _WIN32
    static const pid_t first = getpid();
    if (getpid() != first) {
        refuse("This process was forked from one that uses the library; start a new program "
               "instead.");
    }
#endif
}

// Carries out what may throw. The words of a failure are noted for the thread, and for the player
// that `work` has found by then.
template <typename Work>
hs_status carry_out(Work&& work) noexcept {
    std::shared_ptr<Player> player;
    Failure failure = attempt([&] {
        refuse_in_fork();
        work(player);
    });
    if (failure.status != HS_OK) {
        if (player) {
            attempt([&] { player->note(failure.text); });
        }
        note(std::move(failure.text));
    }
    return failure.status;
}

// As much of a text as fits, and no part of a character.
std::uint32_t write_text(const std::string& words, char* text, std::uint32_t size) {
    if (text && size > 0) {
        std::size_t length = std::min<std::size_t>(words.size(), size - 1);
        while (length > 0 && length < words.size() && (words[length] & 0xC0) == 0x80) {
            --length;
        }
        std::memcpy(text, words.data(), length);
        text[length] = '\0';
    }
    return static_cast<std::uint32_t>(words.size());
}

// Waiting in a callback for the thread that called it would be for ever.
void refuse_in_callback(const char* function) {
    if (Gate::inside()) {
        refuse(std::string(function) + " must not be called in a callback.");
    }
}

}  // namespace

uint32_t hs_version(void) {
    return HS_VERSION;
}

hs_status hs_engine_create(const hs_engine_options* options, hs_engine** engine) {
    return carry_out([&](auto&) {
        given(engine, "engine") = nullptr;
        const auto read = options ? copy_in(options, "options") : hs_engine_options{};
        *engine = living().engines.add(std::make_shared<Player>(read));
    });
}

hs_status hs_engine_destroy(hs_engine* engine) {
    return carry_out([&](auto&) {
        if (engine) {
            refuse_in_callback("hs_engine_destroy");
            held(living().engines.take(engine), "engine")->stop();
        }
    });
}

hs_status hs_engine_trim(hs_engine* engine, uint64_t bytes) {
    return carry_out([&](auto& player) {
        player = held(living().engines.find(engine), "engine");
        player->trim(bytes);
    });
}

uint32_t hs_engine_error(const hs_engine* engine, char* text, uint32_t size) {
    if (!engine) {
        return LastWords::gone ? 0 : write_text(last_words.text, text, size);
    }
    std::string words;
    attempt([&] {
        refuse_in_fork();
        const auto player = living().engines.find(engine);
        words = player ? player->error() : std::string();
    });
    return write_text(words, text, size);
}

hs_status hs_bundle_open(hs_engine* engine, const hs_bundle_options* options, hs_bundle** bundle) {
    return carry_out([&](auto& player) {
        given(bundle, "bundle") = nullptr;
        player = held(living().engines.find(engine), "engine");
        *bundle = living().bundles.add(player->open(copy_in(options, "options")));
    });
}

hs_status hs_bundle_get_info(const hs_bundle* bundle, hs_bundle_info* info) {
    return carry_out([&](auto&) {
        copy_out(held(living().bundles.find(bundle), "bundle")->info(), info, "info");
    });
}

hs_status hs_bundle_close(hs_bundle* bundle) {
    return carry_out([&](auto&) {
        if (bundle) {
            held(living().bundles.take(bundle), "bundle");
        }
    });
}

hs_status hs_estimate(hs_engine* engine, const hs_bundle_options* options,
                      const hs_request* request, hs_memory* memory) {
    return carry_out([&](auto& player) {
        player = held(living().engines.find(engine), "engine");
        checked_size(memory, "memory");
        copy_out(player->estimate(copy_in(options, "options"), request), memory, "memory");
    });
}

hs_status hs_job_start(hs_bundle* bundle, const hs_request* request, const hs_callbacks* callbacks,
                       hs_job** job) {
    return carry_out([&](auto& player) {
        given(job, "job") = nullptr;
        const auto loaded = held(living().bundles.find(bundle), "bundle");
        player = loaded->player().shared_from_this();
        const auto told = callbacks ? copy_in(callbacks, "callbacks") : hs_callbacks{};
        const auto made = player->job(*loaded, request, told);
        // Its handle first: where there is no memory for one, the host must not hear of the job.
        hs_job* const handle = living().jobs.add(made);
        try {
            player->start(made);
        } catch (...) {
            living().jobs.take(handle);
            throw;
        }
        *job = handle;
    });
}

hs_status hs_job_poll(const hs_job* job, hs_progress* progress) {
    return carry_out([&](auto&) {
        copy_out(held(living().jobs.find(job), "job")->progress(), progress, "progress");
    });
}

hs_status hs_job_wait(const hs_job* job, uint32_t milliseconds) {
    hs_status status = HS_OK;
    const hs_status failed = carry_out([&](auto&) {
        const auto found = held(living().jobs.find(job), "job");
        refuse_in_callback("hs_job_wait");
        status = found->wait(milliseconds);
    });
    return failed != HS_OK ? failed : status;
}

hs_status hs_job_cancel(hs_job* job) {
    return carry_out([&](auto&) { held(living().jobs.find(job), "job")->cancel(); });
}

uint32_t hs_job_error(const hs_job* job, char* text, uint32_t size) {
    std::string words;
    attempt([&] {
        refuse_in_fork();
        const auto found = living().jobs.find(job);
        words = found ? found->error() : std::string();
    });
    return write_text(words, text, size);
}

hs_status hs_job_result(const hs_job* job, uint32_t index, hs_take** take) {
    hs_status status = HS_OK;
    const hs_status failed = carry_out([&](auto&) {
        given(take, "take") = nullptr;
        const auto found = held(living().jobs.find(job), "job");
        const hs_progress now = found->progress();
        if (const auto ready = found->take(index)) {
            *take = living().takes.add(ready);
        } else if (now.status == HS_OK || index >= found->variations()) {
            refuse("The job makes " + std::to_string(found->variations()) + " takes, and index " +
                   std::to_string(index) + " was asked for.");
        } else {
            status = now.status;
        }
    });
    return failed != HS_OK ? failed : status;
}

hs_status hs_job_free(hs_job* job) {
    return carry_out([&](auto&) {
        if (job) {
            const auto found = held(living().jobs.take(job), "job");
            found->cancel();
            found->silence();
        }
    });
}

hs_status hs_take_get_info(const hs_take* take, hs_take_info* info) {
    return carry_out(
        [&](auto&) { copy_out(held(living().takes.find(take), "take")->info(), info, "info"); });
}

hs_status hs_take_free(hs_take* take) {
    return carry_out([&](auto&) {
        if (take) {
            held(living().takes.take(take), "take");
        }
    });
}
