#include "player.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "beside.h"
#include "error.h"
#include "estimate.h"
#include "heap.h"
#include "json.h"
#include "reading.h"

namespace hearsight {
namespace {

constexpr std::uint32_t most_threads = 256;
constexpr std::uint32_t most_conditioners = 64;

[[noreturn]] void refuse(const std::string& text) {
    throw Error(Status::usage, text);
}

std::shared_ptr<const Ort> open_ort(const hs_engine_options& options) {
    if (options.ort_api) {
        return Ort::adopt(static_cast<const OrtApi*>(options.ort_api));
    }
    std::string path = options.onnxruntime ? options.onnxruntime : "";
    if (path.empty()) {
#if defined(_WIN32)
        path = beside({"hearsight_onnxruntime.dll", "onnxruntime.dll"});
#elif defined(__APPLE__)
        path = beside({"libonnxruntime.dylib"});
#else
        path = beside({"libonnxruntime.so", "libonnxruntime.so.1"});
#endif
    }
    if (path.empty()) {
        throw Error(Status::device,
                    "No ONNX Runtime lies beside the library; give the absolute path of its "
                    "library in hs_engine_options.onnxruntime.");
    }
    return Ort::open(path);
}

std::string extensions(const hs_engine_options& options) {
    if (options.extensions) {
        return options.extensions;
    }
#if defined(_WIN32)
    return beside({"ortextensions.dll"});
#elif defined(__APPLE__)
    return beside({"libortextensions.dylib"});
#else
    return beside({"libortextensions.so"});
#endif
}

std::string rtx_provider(const hs_engine_options& options) {
    if (options.provider) {
        return options.provider;
    }
#if defined(_WIN32)
    return beside({"onnxruntime_providers_nv_tensorrt_rtx.dll"});
#else
    return beside({"libonnxruntime_providers_nv_tensorrt_rtx.so"});
#endif
}

std::optional<Precision> precision(const char* word) {
    if (!word) {
        return std::nullopt;
    }
    for (const Precision each : {Precision::fp32, Precision::fp16, Precision::int8}) {
        if (std::strcmp(word, name_of(each)) == 0) {
            return each;
        }
    }
    refuse("engine options: precision is \"" + plain(word) + "\"; it must be fp32, fp16 or int8.");
}

Wishes wishes(const hs_engine_options& options) {
    Wishes made;
    made.device = options.device ? options.device : "auto";
    made.provider = rtx_provider(options);
    made.precision = precision(options.precision);
    made.cache_folder = options.cache_folder ? options.cache_folder : "";
    made.never_build = options.never_build == 1;
    return made;
}

// ONNX Runtime's severities run from 0, verbose, to 4, fatal. What it calls an error comes back as
// the failure of a call, too, with better words.
std::int32_t level_of(int severity) {
    return severity >= 3 ? HS_LOG_WARNING : severity == 2 ? HS_LOG_INFO : HS_LOG_DEBUG;
}

std::shared_ptr<const Bundle> read_bundle(const char* folder, Verify verify) {
    return std::make_shared<const Bundle>(open_bundle(folder, verify));
}

// The generator first.
std::vector<std::shared_ptr<const Bundle>> read_bundles(const hs_bundle_options& options) {
    if (!options.folder) {
        refuse("bundle options: folder is NULL.");
    }
    if (options.verify != 0 && options.verify != 1) {
        refuse("bundle options: verify must be 0 or 1.");
    }
    if (options.conditioner_count > most_conditioners ||
        (options.conditioner_count != 0 && !options.conditioners)) {
        refuse("bundle options: conditioners must point to conditioner_count paths, at most " +
               std::to_string(most_conditioners) + ".");
    }
    const Verify verify = options.verify == 1 ? Verify::all : Verify::none;
    std::vector<std::shared_ptr<const Bundle>> bundles{read_bundle(options.folder, verify)};
    for (std::uint32_t index = 0; index < options.conditioner_count; ++index) {
        if (!options.conditioners[index]) {
            refuse("bundle options: conditioners[" + std::to_string(index) + "] is NULL.");
        }
        bundles.push_back(read_bundle(options.conditioners[index], verify));
    }
    return bundles;
}

}  // namespace

Loaded::Loaded(std::shared_ptr<Player> player, std::shared_ptr<const Generator> generator)
    : player_(std::move(player)), generator_(std::move(generator)),
      name_(generator_->bundle().manifest.name), device_(generator_->provider()),
      why_(generator_->why()) {
    const Manifest& manifest = generator_->bundle().manifest;
    info_.struct_size = sizeof info_;
    info_.sample_rate = static_cast<std::uint32_t>(manifest.audio->sample_rate);
    info_.channels = static_cast<std::uint32_t>(manifest.audio->channels);
    const std::pair<Modality, unsigned> kinds[] = {{Modality::text, HS_TEXT},
                                                   {Modality::image, HS_IMAGE},
                                                   {Modality::audio, HS_AUDIO},
                                                   {Modality::condition, HS_CONDITION}};
    for (const auto& [modality, kind] : kinds) {
        info_.understands |= generator_->understands(modality) ? 1U << kind : 0U;
    }
    info_.shortest = manifest.defaults->limits.min_seconds;
    info_.longest = most_seconds;
    info_.seconds = manifest.defaults->seconds;
    info_.condition_size = count(manifest.space.shape);
    info_.audio_rate = generator_->audio_rate();
    info_.begins = find(manifest.graphs, std::string("encode")) ? 1 : 0;
    info_.name = name_.c_str();
    info_.device = device_.c_str();
    info_.why = why_.c_str();
}

std::shared_ptr<const Generator> Loaded::generator() const {
    const std::lock_guard<std::mutex> hold(mutex_);
    return generator_;
}

void Loaded::unload() {
    std::shared_ptr<const Generator> last;
    const std::lock_guard<std::mutex> hold(mutex_);
    last.swap(generator_);
}

Player::Player(const hs_engine_options& options)
    : memory_budget_(options.memory_budget), memory_{options.allocate, options.release,
                                                     options.memory_user},
      log_(std::make_shared<const Log>(options.log, options.log_user,
                                       options.log_level == 0 ? HS_LOG_WARNING
                                                              : options.log_level)) {
    if (options.threads > most_threads) {
        refuse("engine options: threads is " + std::to_string(options.threads) +
               "; it must be at most " + std::to_string(most_threads) + ".");
    }
    if (!options.allocate != !options.release) {
        refuse("engine options: allocate and release go together; give both or neither.");
    }
    if (options.log_level < 0 || options.log_level > HS_LOG_DEBUG) {
        refuse("engine options: log_level is " + std::to_string(options.log_level) +
               "; it must be one of HS_LOG_*.");
    }
    if (options.never_build != 0 && options.never_build != 1) {
        refuse("engine options: never_build must be 0 or 1.");
    }
    settings_.ort = open_ort(options);
    settings_.extensions = extensions(options);
    settings_.wishes = wishes(options);
    settings_.threads = static_cast<int>(options.threads);
    settings_.budget = std::make_shared<Budget>(memory_budget_);
    settings_.remarks = std::make_shared<const Remarks>(
        [log = log_](int severity, const char* text) { log->tell(level_of(severity), text); });
    log_->tell(HS_LOG_INFO, ("ONNX Runtime " + settings_.ort->version() + " was opened.").c_str());
}

std::shared_ptr<Loaded> Player::open(const hs_bundle_options& options) {
    auto bundles = read_bundles(options);
    const auto first = bundles.front();
    bundles.erase(bundles.begin());
    auto loaded = std::make_shared<Loaded>(
        shared_from_this(), std::make_shared<const Generator>(first, bundles, settings_));
    const std::lock_guard<std::mutex> hold(mutex_);
    if (stopped_) {
        refuse("The engine was destroyed.");
    }
    const auto gone = [](const std::weak_ptr<Loaded>& bundle) { return bundle.expired(); };
    bundles_.erase(std::remove_if(bundles_.begin(), bundles_.end(), gone), bundles_.end());
    bundles_.push_back(loaded);
    return loaded;
}

std::shared_ptr<Job> Player::job(const Loaded& bundle, const hs_request* request,
                                 const hs_callbacks& callbacks) const {
    const auto generator = bundle.generator();
    if (!generator) {
        refuse("The engine of this bundle was destroyed.");
    }
    const hs_bundle_info& info = bundle.info();
    Request resolved =
        generator->resolved(read_request(request, info.audio_rate, info.sample_rate));
    return std::make_shared<Job>(generator, std::move(resolved), memory_, callbacks);
}

void Player::start(const std::shared_ptr<Job>& job) {
    if (!worker_.add(job)) {
        refuse("The engine of this bundle was destroyed.");
    }
}

void Player::trim(std::uint64_t bytes) {
    settings_.budget->trim(bytes);
    trim_heap();
}

hs_memory Player::estimate(const hs_bundle_options& options, const hs_request* request) const {
    const auto bundles = read_bundles(options);
    const Manifest& manifest = bundles.front()->manifest;
    if (!manifest.audio || !manifest.defaults) {
        throw Error(Status::bundle, std::string(options.folder) + ": this bundle makes no sound.");
    }
    std::uint32_t rate = 0;
    for (std::size_t index = 1; index <= bundles.size() && rate == 0; ++index) {
        const auto& audio = bundles[index % bundles.size()]->manifest.conditioners.audio;
        rate = audio ? static_cast<std::uint32_t>(audio->sample_rate) : 0;
    }
    const auto sample_rate = static_cast<std::uint32_t>(manifest.audio->sample_rate);
    std::optional<Request> asked;
    if (request) {
        asked = resolve(read_request(request, rate, sample_rate), manifest);
    }
    return memory_of(bundles, asked, settings_.wishes, memory_budget_);
}

void Player::stop() {
    std::vector<std::weak_ptr<Loaded>> bundles;
    {
        const std::lock_guard<std::mutex> hold(mutex_);
        stopped_ = true;
        bundles.swap(bundles_);
    }
    worker_.stop();
    for (const auto& bundle : bundles) {
        if (const auto loaded = bundle.lock()) {
            loaded->unload();
        }
    }
    log_->close();
}

void Player::note(const std::string& error) {
    const std::lock_guard<std::mutex> hold(mutex_);
    error_ = error;
}

std::string Player::error() const {
    const std::lock_guard<std::mutex> hold(mutex_);
    return error_;
}

}  // namespace hearsight
