/* SPDX-License-Identifier: MIT */
/*
 * libhearsight: sounds from sentences, pictures and sounds, in your own process.
 *
 * SIX STEPS
 *     1. How to run; what is left zero is decided for you.
 *        hs_engine_options options = {.struct_size = sizeof options};
 *        hs_engine_create(&options, &engine);
 *     2. What to run: a bundle's folder.
 *        hs_bundle_options which = {.struct_size = sizeof which, .folder = "engines/starter"};
 *        hs_bundle_open(engine, &which, &bundle);
 *     3. What to make.
 *        hs_prompt rain = {.struct_size = sizeof rain, .text = "heavy rain on a tin roof"};
 *        hs_request request = {.struct_size = sizeof request, .prompts = &rain, .prompt_count = 1};
 *     4. Begin; it returns at once.
 *        hs_job_start(bundle, &request, NULL, &job);
 *     5. Go on with your frame, and ask again.
 *        while (hs_job_wait(job, 16) == HS_RUNNING) {}
 *     6. The samples.
 *        hs_job_result(job, 0, &take);
 *        hs_take_get_info(take, &info);
 * `examples/play.c` is this as a whole program.
 *
 * STATUS   Every function but those that cannot fail returns HS_OK or another `hs_status`. The
 * words for people are in hs_engine_error and hs_job_error. The library never throws, exits or
 * aborts, and writes nothing to the console.
 *
 * STRUCTS   Each struct begins with `struct_size`: set it to sizeof, and all else to zero. Zero
 * means the default. Fields are only ever appended: a program built with an older header runs
 * with a newer library, and one built with a newer header is refused with HS_USAGE only if it uses
 * a field that the library does not know.
 *
 * OWNERSHIP   What a function gives through a `**` argument is yours, to be given back to its own
 * hs_*_destroy, _close or _free, in any order: a job keeps its bundle for as long as it runs, and a
 * take needs neither its job nor its engine. NULL is given back without harm, and a handle that
 * was given back already, or never was one, is met with HS_USAGE, not with a crash. What you pass
 * in is copied before the function returns. Texts are UTF-8 and end with a zero; `const` pointers
 * inside output structs live as long as the handle that they were asked of.
 *
 * THREADS   Every function may be called from every thread. An engine has one worker thread, which
 * carries out its jobs one after the other, in the order in which they were started. Only
 * hs_bundle_open, hs_job_wait, hs_job_free, hs_engine_trim and hs_engine_destroy may take longer
 * than a moment. A process that is forked from one with an engine can use none of them, and is told
 * so with HS_USAGE.
 *
 * CALLBACKS   You need none: hs_job_poll tells all. Those of a job are called in the worker thread,
 * those of the log in any. Inside, call whatever you like except hs_job_wait and hs_engine_destroy,
 * which refuse with HS_USAGE, and return soon. Their arguments live until they return. No callback
 * of a job runs once hs_job_free has returned, none at all once hs_engine_destroy has returned.
 *
 * SAME REQUEST, SAME SOUND   Noise is computed on the processor with this library's own generator.
 * The same request, seed, bundle, device, build of ONNX Runtime and machine give the same samples,
 * bit for bit, and on the processor the same as the Python player; elsewhere they are close.
 */
#ifndef HEARSIGHT_H
#define HEARSIGHT_H

#include <stdint.h>

#define HS_VERSION_MAJOR 0
#define HS_VERSION_MINOR 1
#define HS_VERSION_PATCH 0
#define HS_VERSION (HS_VERSION_MAJOR << 16 | HS_VERSION_MINOR << 8 | HS_VERSION_PATCH)

#if defined(_WIN32) && defined(HEARSIGHT_BUILD)
#define HS_API __declspec(dllexport)
#elif defined(_WIN32) && !defined(HEARSIGHT_STATIC)
#define HS_API __declspec(dllimport)
#elif defined(__GNUC__)
#define HS_API __attribute__((visibility("default")))
#else
#define HS_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Opaque: a number in a pointer's clothes. Do not look behind it. */
typedef struct hs_engine hs_engine; /* a device, its libraries and one worker thread */
typedef struct hs_bundle hs_bundle; /* an opened generator, with conditioners */
typedef struct hs_job hs_job;       /* one request being carried out */
typedef struct hs_take hs_take;     /* one finished sound */

typedef int32_t hs_status;
enum {
    HS_OK = 0,
    HS_INTERNAL = 1,    /* a fault of this library; please report it */
    HS_USAGE = 2,       /* an argument or a request that cannot be carried out as it is */
    HS_BUNDLE = 3,      /* a bundle that is missing, damaged or of another format */
    HS_DEVICE = 4,      /* a device or library that cannot be had, or memory does not suffice */
    HS_FILE = 5,        /* a file that cannot be read or written */
    HS_RUNNING = 16,    /* not finished yet; ask again */
    HS_CANCELLED = 130, /* stopped because you asked; nothing is wrong */
};

/* The library's HS_VERSION; compatible while its major part (>> 16) is yours. */
HS_API uint32_t hs_version(void);

/* ------------------------------------------------------------------------------- the engine -- */

enum { HS_LOG_ERROR = 1, HS_LOG_WARNING = 2, HS_LOG_INFO = 3, HS_LOG_DEBUG = 4 };

typedef void (*hs_log_function)(void* user, int32_t level, const char* text);

/* Memory for `size` bytes, aligned as by malloc, or NULL; and its return. From any thread. */
typedef void* (*hs_allocate_function)(void* user, uint64_t size);
typedef void (*hs_release_function)(void* user, void* memory);

typedef struct hs_engine_options {
    uint32_t struct_size;
    uint32_t threads;        /* of the processor, for one graph's run, up to 256; 0: one per core */
    uint64_t memory_budget;  /* bytes that the weights of open graphs may take; those used longest
                                ago are closed for others. 0: no limit */
    const char* device;      /* "cpu", "cuda", "rtx", "directml", or "auto", as which NULL counts:
                                the first of rtx, cuda and directml that works, else the processor,
                                and hs_bundle_info.why says why. A device that you name and that
                                cannot be had is an error of hs_bundle_open, never replaced.
                                cuda and directml need an ONNX Runtime that is built with them, rtx
                                `provider`. Only the processor was ever run: see below */
    const char* onnxruntime; /* absolute path of ONNX Runtime's library; NULL: the one beside
                                this library */
    const char* extensions;  /* the same of onnxruntime-extensions, which text prompts need */
    const void* ort_api;     /* instead of `onnxruntime`: the OrtApi table, of version 17 or later,
                                of the copy that the host uses already; it must stay loaded */
    const char* cache_folder; /* of compiled graphs, which `runtime-cli engines build` makes; it
                                 names the folder. What was compiled for this machine, of rtx or the
                                 processor, is used if its key and hashes are right; they are read
                                 by hs_bundle_open. rtx keeps in `.runtime` there what it finds out
                                 for the card. NULL: none is used, none is kept */
    int32_t never_build;      /* 1: a graph that would first have to be compiled for rtx, which can
                                 take minutes, is an error of hs_bundle_open, and what runs once a
                                 sound is run by the processor instead. 0: it is compiled when a job
                                 first needs it, and "auto" takes no rtx that needs it. No effect on
                                 other devices, which compile nothing */
    int32_t log_level;        /* the least important that is logged; 0: HS_LOG_WARNING */
    hs_log_function log;      /* NULL: silence */
    void* log_user;
    hs_allocate_function allocate; /* for the samples of takes; both or neither. They must work
                                      until the last take was freed */
    hs_release_function release;
    void* memory_user;
    const char* provider;  /* absolute path of the library that rtx comes in, of the package
                              onnxruntime-ep-nv-tensorrt-rtx; it needs ONNX Runtime 1.22 or later.
                              NULL: the one beside this library */
    const char* precision; /* "fp32", "fp16" or "int8", of a generator's graphs that have it, the
                              others are run in fp32; it is an error of hs_bundle_open where none
                              has it. NULL: fp16 on a device other than the processor, else fp32 */
} hs_engine_options;

/* What was not run: on machines without a card, rtx and cuda were refused with the reason, and
 * the way of rtx was gone with a provider library made for the tests. No card of any kind, and no
 * Windows, was at hand. */

/* Opens ONNX Runtime, with its telemetry switched off, and starts the worker thread. `options`
 * may be NULL. */
HS_API hs_status hs_engine_create(const hs_engine_options* options, hs_engine** engine);

/* Cancels every job, waits for the worker thread to end, which takes one run of a graph at most,
 * and frees the graphs. Handles of bundles, jobs and takes are still to be given back; jobs then
 * tell HS_CANCELLED unless they were finished before. */
HS_API hs_status hs_engine_destroy(hs_engine* engine);

/* Closes graphs, those used longest ago first, until the weights of the open ones take no more than
 * `bytes`; 0 closes all. One that is running ends its run first. What was closed is opened again
 * when a job needs it, which takes the time of opening it. */
HS_API hs_status hs_engine_trim(hs_engine* engine, uint64_t bytes);

/* Copies the words of the last failed call on the engine or its bundles into `text`, cut to `size`
 * bytes with the zero, and returns the bytes of the whole without it. With NULL for the engine: of
 * the last failed call of this thread, whatever it was. */
HS_API uint32_t hs_engine_error(const hs_engine* engine, char* text, uint32_t size);

/* ------------------------------------------------------------------------------- the bundle -- */

typedef struct hs_bundle_options {
    uint32_t struct_size;
    uint32_t conditioner_count;
    const char* folder;              /* of a generator */
    const char* const* conditioners; /* folders of more bundles of its space that understand
                                        prompts, asked before the generator's own */
    int32_t verify;                  /* 1: compare every file with its hash. 0: sizes only */
    int32_t reserved;
} hs_bundle_options;

/* Prompts that meet others in a graph before they are a condition, are searched for parts, or need
 * noise, this library does not encode: they are not among hs_bundle_info.understands, and asked for
 * HS_USAGE. `runtime-cli condition` makes an HS_CONDITION of them. */
enum { HS_TEXT = 0, HS_IMAGE = 1, HS_AUDIO = 2, HS_CONDITION = 3 };

typedef struct hs_bundle_info {
    uint32_t struct_size;
    uint32_t sample_rate; /* of its takes, Hz */
    uint32_t channels;    /* of its takes */
    uint32_t understands; /* bit 1 << HS_TEXT and so on */
    double shortest;      /* seconds that can be asked for */
    double longest;
    double seconds;          /* made where none are asked for */
    uint64_t condition_size; /* numbers in a ready-made condition */
    uint32_t audio_rate;     /* of audio prompts, Hz; 0: it understands none */
    uint32_t begins;         /* 1: it can begin with a sound, see hs_request.init */
    const char* name;
    const char* device; /* what runs it, in ONNX Runtime's words, */
    const char* why;    /* and why: a sentence */
} hs_bundle_info;

/* Reads and checks a bundle. Its graphs are opened when a job first needs them. */
HS_API hs_status hs_bundle_open(hs_engine* engine, const hs_bundle_options* options,
                                hs_bundle** bundle);
HS_API hs_status hs_bundle_get_info(const hs_bundle* bundle, hs_bundle_info* info);

/* Jobs that were started go on, and the graphs are freed after the last of them. */
HS_API hs_status hs_bundle_close(hs_bundle* bundle);

/* ------------------------------------------------------------------------------ the request -- */

typedef struct hs_prompt {
    uint32_t struct_size;
    int32_t kind;          /* HS_TEXT and so on */
    double weight;         /* against the other prompts; 0: 1. Below zero leads away */
    const char* text;      /* HS_TEXT */
    const uint8_t* pixels; /* HS_IMAGE: rows from the top, three bytes red, green, blue a pixel, no
                              padding */
    uint32_t width;
    uint32_t height;
    const float* values;  /* HS_AUDIO: one channel, full scale is 1; HS_CONDITION: the numbers, as
                             `runtime-cli condition` saves them */
    uint64_t value_count; /* samples, or hs_bundle_info.condition_size */
    uint32_t sample_rate; /* HS_AUDIO: must be hs_bundle_info.audio_rate; 0 counts as that */
    uint32_t reserved;
} hs_prompt;

enum { HS_SOLVER_DEFAULT = 0, HS_SOLVER_DDIM = 1, HS_SOLVER_DPMPP_2M = 2, HS_SOLVER_EULER = 3 };
enum { HS_MIX_AVERAGE = 0, HS_MIX_BRANCHES = 1 };

/* Flags of a request; the last three make zero a value and not the wish for a default. */
enum { HS_LOOP = 1, HS_SEED_0 = 2, HS_GUIDANCE_0 = 4, HS_ETA_0 = 8 };

typedef struct hs_request {
    uint32_t struct_size;
    uint32_t prompt_count;    /* 1 or more */
    const hs_prompt* prompts; /* each with the same struct_size */
    const char* negative;     /* what it should not sound like */
    const char* id;           /* names the sound; with seed and variation it decides the noise */
    double seconds;
    uint64_t seed;       /* up to 2^63 - 1; 0: a fresh one, which the take tells */
    uint32_t variations; /* 0: 1; up to 1000, each a take */
    uint32_t first_variation;
    uint32_t steps;
    int32_t solver;
    double guidance;      /* how strictly to follow the prompts, up to 30 */
    double eta;           /* noise that HS_SOLVER_DDIM adds on the way, up to 1 */
    double guidance_from; /* the part of the way, from 0 to 1, on which guidance is applied; */
    double guidance_to;   /* both 0: all of it */
    int32_t mix;          /* how several prompts meet: HS_MIX_AVERAGE, or HS_MIX_BRANCHES, which
                             follows each at the price of one run of the model per prompt */
    uint32_t flags;       /* HS_LOOP: a sound whose end runs on into its start */
    const float* init;    /* a sound to begin with instead of noise: one channel at the bundle's
                             sample_rate */
    uint64_t init_count;
    double strength; /* share of the way that `init` goes anew, above 0 to 1; 0: 0.6 */
} hs_request;

typedef struct hs_memory {
    uint32_t struct_size;
    uint32_t reserved;
    uint64_t files;   /* bytes of the bundle's files that the request needs */
    uint64_t weights; /* of memory that open graphs hold for weights, their own or mapped files,
                         within the engine's budget */
    uint64_t samples; /* of memory for the samples of all takes */
} hs_memory;

/* What a request will need, without opening a graph or ONNX Runtime's session; `request` may be
 * NULL for one text of the usual length. Graphs count in the engine's precision, and with neither
 * that nor a device named, as the processor runs them. Working memory of the graphs comes on top:
 * some 70 MB for one second of the starter, 150 MB for thirty, 100 MB for five of a model of
 * 1.6 GB. */
HS_API hs_status hs_estimate(hs_engine* engine, const hs_bundle_options* options,
                             const hs_request* request, hs_memory* memory);

/* ---------------------------------------------------------------------------------- the job -- */

enum {
    HS_STAGE_QUEUED = 0,
    HS_STAGE_LOAD = 1,
    HS_STAGE_PREPARE = 2,
    HS_STAGE_ENCODE = 3,
    HS_STAGE_DENOISE = 4,
    HS_STAGE_DECODE = 5,
    HS_STAGE_FINISH = 6,
};

typedef struct hs_progress {
    uint32_t struct_size;
    hs_status status; /* HS_RUNNING, also while it waits for its turn, or what hs_job_wait tells */
    int32_t stage;    /* HS_STAGE_QUEUED and so on */
    uint32_t done;    /* steps done in this stage, over all variations, */
    uint32_t total;   /* of so many */
    uint32_t takes;   /* that hs_job_result gives already: 0 to this are ready */
} hs_progress;

typedef struct hs_callbacks {
    uint32_t struct_size;
    uint32_t reserved;
    void* user;
    void (*progress)(void* user, const hs_progress* progress);
    /* Once, however it ended, unless it was freed first. */
    void (*finished)(void* user, const hs_progress* progress);
} hs_callbacks;

/* Checks the request and queues it. `callbacks` may be NULL. */
HS_API hs_status hs_job_start(hs_bundle* bundle, const hs_request* request,
                              const hs_callbacks* callbacks, hs_job** job);
HS_API hs_status hs_job_poll(const hs_job* job, hs_progress* progress);

#define HS_FOREVER UINT32_MAX

/* HS_RUNNING after so many milliseconds, or how the job ended: HS_OK, HS_CANCELLED or why not. */
HS_API hs_status hs_job_wait(const hs_job* job, uint32_t milliseconds);

/* Asks to stop, within one run of a graph, and returns at once. Takes that are ready stay. */
HS_API hs_status hs_job_cancel(hs_job* job);

/* The words of how the job failed; see hs_engine_error. */
HS_API uint32_t hs_job_error(const hs_job* job, char* text, uint32_t size);

/* The take of variation first_variation + `index`: HS_RUNNING while it is not ready, also HS_OK
 * while the job makes the next ones. Without it, how the job ended. */
HS_API hs_status hs_job_result(const hs_job* job, uint32_t index, hs_take** take);

/* Cancels it if it runs, and waits for a callback that is running, not for the worker thread. */
HS_API hs_status hs_job_free(hs_job* job);

/* --------------------------------------------------------------------------------- the take -- */

typedef struct hs_take_info {
    uint32_t struct_size;
    uint32_t sample_rate;
    uint32_t channels;
    uint32_t variation;
    uint64_t frames;      /* samples of each channel */
    const float* samples; /* frames * channels, channels in turn, as the model made them: not cut,
                             faded or levelled. All of a loop is to be repeated */
    uint64_t seed;        /* of the request */
    uint64_t item_seed;   /* of this take's noise */
    const char* notes;    /* remarks for the user, one a line; or "" */
} hs_take_info;

HS_API hs_status hs_take_get_info(const hs_take* take, hs_take_info* info);
HS_API hs_status hs_take_free(hs_take* take);

#ifdef __cplusplus
}
#endif

#endif
