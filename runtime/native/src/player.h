// What stands behind the C API's engines and bundles.

#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine.h"
#include "generator.h"
#include "hearsight.h"
#include "log.h"
#include "samples.h"
#include "worker.h"

namespace hearsight {

class Player;

// A bundle that was opened to be played, until its engine is destroyed or it is closed.
class Loaded {
  public:
    Loaded(std::shared_ptr<Player> player, std::shared_ptr<const Generator> generator);

    Player& player() const { return *player_; }
    const hs_bundle_info& info() const { return info_; }

    // Null where the engine was destroyed.
    std::shared_ptr<const Generator> generator() const;
    void unload();

  private:
    std::shared_ptr<Player> player_;
    mutable std::mutex mutex_;
    std::shared_ptr<const Generator> generator_;
    std::string name_;
    std::string device_;
    std::string why_;
    hs_bundle_info info_{};
};

// An engine of the C API: its libraries, its settings and its worker. Any thread may call any of
// it.
class Player : public std::enable_shared_from_this<Player> {
  public:
    // Throws Error(usage), Error(device): a library cannot be opened.
    explicit Player(const hs_engine_options& options);

    // Throws as open_bundle and Generator do.
    std::shared_ptr<Loaded> open(const hs_bundle_options& options);

    // A job for a request, which is checked here. Nobody hears of it before it is started.
    std::shared_ptr<Job> job(const Loaded& bundle, const hs_request* request,
                             const hs_callbacks& callbacks) const;
    void start(const std::shared_ptr<Job>& job);

    // Closes graphs until those that are open hold no more than so many bytes.
    void trim(std::uint64_t bytes);

    hs_memory estimate(const hs_bundle_options& options, const hs_request* request) const;

    // Ends jobs, threads, callbacks and graphs. Once.
    void stop();

    void note(const std::string& error);
    std::string error() const;

  private:
    EngineSettings settings_;
    std::uint64_t memory_budget_;
    Memory memory_;
    std::shared_ptr<const Log> log_;
    mutable std::mutex mutex_;  // of the two below
    std::string error_;
    std::vector<std::weak_ptr<Loaded>> bundles_;
    bool stopped_ = false;
    Worker worker_;
};

}  // namespace hearsight
