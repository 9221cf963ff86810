// Graphs are opened when they are first run, closed when memory is short, and stopped within a run.

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <thread>

#include "engine.h"
#include "error.h"

using namespace hearsight;

namespace {

std::shared_ptr<const Bundle> bundle(const std::string& path) {
    return std::make_shared<const Bundle>(
        open_bundle(std::string(HEARSIGHT_ROOT) + path, Verify::none));
}

EngineSettings settings() {
    EngineSettings made;
    made.ort = Ort::open(HEARSIGHT_ORT);
    made.threads = 1;
    return made;
}

Tensor hear(Engine& engine) {
    Tensor sound = zeros({1, 8000});
    sound.data[4000] = 1;
    const Value value = engine.ort().view(sound);
    Cancel cancel;
    const auto outputs = engine.run("audio", {{"audio", &value}}, cancel);
    return engine.ort().tensor(outputs.begin()->second);
}

template <typename Work>
Error error_of(const Work& work) {
    try {
        work();
    } catch (const Error& problem) {
        return problem;
    }
    FAIL("nothing was refused");
    return Error(Status::ok, "");
}

}  // namespace

TEST_CASE("a device that cannot be had is an error, never replaced") {
    EngineSettings cuda = settings();
    cuda.wishes.device = "cuda";
    CHECK(error_of([&] { Engine(bundle("/tests/micro/micro"), cuda); }).status == Status::device);
    EngineSettings many = settings();
    many.threads = 257;
    CHECK(error_of([&] { Engine(bundle("/tests/micro/micro"), many); }).status == Status::usage);
}

TEST_CASE("graphs closed for want of memory are opened again and compute the same") {
    EngineSettings tight = settings();
    tight.budget = std::make_shared<Budget>(1);
    Engine first(bundle("/tests/micro/micro"), tight);
    Engine second(bundle("/tests/micro/micro"), tight);
    const Tensor heard = hear(first);
    CHECK(hear(second).data == heard.data);
    CHECK(hear(first).data == heard.data);
}

TEST_CASE("a run is stopped while it is under way, and the next one is as good as new") {
    Engine engine(bundle("/engines/starter"), settings());
    const Tensor latent = zeros({1, 8, 800, 8});
    const Tensor noise = zeros({1, 800 * 1280});
    const Value input = engine.ort().view(latent);
    const Value added = engine.ort().view(noise);
    const auto decode = [&](Cancel& cancel) {
        return engine.run("decode", {{"latent", &input}, {"noise", &added}}, cancel);
    };
    Cancel stop;
    std::thread other([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        stop.cancel();
    });
    const Error stopped = error_of([&] { decode(stop); });
    other.join();
    CHECK(stopped.status == Status::cancelled);
    CHECK(error_of([&] { decode(stop); }).status == Status::cancelled);
    CHECK(hear(engine).data.size() == 256);
}

TEST_CASE("what cannot be run is told with the file that it is about") {
    Engine engine(bundle("/tests/micro/micro"), settings());
    Cancel cancel;
    const Tensor wrong = zeros({1, 1, 800});
    const Value value = engine.ort().view(wrong);
    const Error problem = error_of([&] { engine.run("audio", {{"audio", &value}}, cancel); });
    CHECK(problem.status == Status::bundle);
    CHECK(std::string(problem.what()).find("audio.fp32.onnx cannot be run: ") != std::string::npos);
    CHECK(error_of([&] { engine.run("nothing", {}, cancel); }).status == Status::bundle);
}

TEST_CASE("text without its library says what is missing") {
    Engine engine(bundle("/tests/micro/micro"), settings());
    Cancel cancel;
    const Value text = engine.ort().text("rain");
    const Error problem = error_of([&] { engine.run("tokenize", {{"text", &text}}, cancel); });
    CHECK(problem.status == Status::device);
    CHECK(std::string(problem.what()).find("onnxruntime-extensions") != std::string::npos);
}
