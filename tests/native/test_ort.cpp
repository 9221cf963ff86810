// ONNX Runtime is opened by its path, once for each path, with its telemetry off.

#include <doctest/doctest.h>

#include <cstdlib>
#include <string>

#include "error.h"
#include "library.h"
#include "ort.h"
#include "session.h"

using namespace hearsight;

namespace {

const std::string micro = HEARSIGHT_ROOT "/tests/micro/micro/";

Status status_of(const std::string& path) {
    try {
        Ort::open(path);
    } catch (const Error& problem) {
        CHECK(std::string(problem.what()).find(path) != std::string::npos);
        return problem.status;
    }
    return Status::ok;
}

}  // namespace

TEST_CASE("libraries are opened where they lie and are not searched for") {
    CHECK(status_of("libonnxruntime.so") == Status::device);
    CHECK(status_of("") == Status::device);
    CHECK(status_of(HEARSIGHT_ROOT "/nothing/libonnxruntime.so") == Status::device);
    CHECK(status_of(HEARSIGHT_ROOT "/README.md") == Status::device);
}

TEST_CASE("telemetry is off before the library is there, and one path is one copy") {
    const auto ort = Ort::open(HEARSIGHT_ORT);
    REQUIRE(std::getenv("ORT_DISABLE_TELEMETRY"));
    CHECK(std::string(std::getenv("ORT_DISABLE_TELEMETRY")) == "1");
    CHECK(Ort::open(HEARSIGHT_ORT) == ort);
    CHECK(ort->version().substr(0, 2) == "1.");
}

TEST_CASE("the host's own copy can be used, and beside it another") {
    const auto opened = Ort::open(HEARSIGHT_ORT);
    const auto adopted = Ort::adopt(&opened->api());
    CHECK(adopted != opened);
    const Tensor tensor{{2, 1}, {1.5F, -2.0F}};
    const Value value = adopted->view(tensor);
    CHECK(adopted->shape(value) == tensor.shape);
    CHECK(opened->tensor(value).data == tensor.data);
}

TEST_CASE("views show the memory that they are made of") {
    const auto ort = Ort::open(HEARSIGHT_ORT);
    Tensor tensor = zeros({3});
    const Value value = ort->view(tensor);
    tensor.data[1] = 4;
    CHECK(ort->floats(value)[1] == 4);
    CHECK(ort->floats(value) == tensor.data.data());
}

TEST_CASE("a session tells its tensors and what it computes") {
    const auto ort = Ort::open(HEARSIGHT_ORT);
    Opening opening;
    opening.threads = 1;
    const Session session(ort, micro + "audio.fp32.onnx", opening);
    REQUIRE(session.inputs().size() == 1);
    CHECK(session.inputs()[0].name == "audio");
    CHECK(session.inputs()[0].dtype == "float32");
    CHECK(session.inputs()[0].shape.at(0) == 1);
    CHECK(session.inputs()[0].shape.at(1) == -1);
    const Tensor tensor = zeros({1, 1600});
    const Value value = ort->view(tensor);
    const auto outputs = session.run({{"audio", &value}}, nullptr, true);
    REQUIRE(outputs.size() == 1);
    CHECK(ort->shape(outputs[0]).at(0) == 1);
}

TEST_CASE("what ONNX Runtime refuses is a failure in its words") {
    const auto ort = Ort::open(HEARSIGHT_ORT);
    CHECK_THROWS_AS(Session(ort, micro + "bundle.json", {}), OrtFailure);
    CHECK_THROWS_AS(Session(ort, micro + "nothing.onnx", {}), OrtFailure);
    const Session session(ort, micro + "audio.fp32.onnx", {});
    const Tensor tensor = zeros({1, 1, 1600});
    const Value value = ort->view(tensor);
    CHECK_THROWS_AS(session.run({{"audio", &value}}, nullptr, true), OrtFailure);
    CHECK_THROWS_AS(session.run({{"sound", &value}}, nullptr, true), OrtFailure);
}
