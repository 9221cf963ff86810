// The loop does what Python's does, bit for bit, and stops as asked.

#include "sampler.h"
#include "vectors.h"

using namespace hearsight;

namespace {

const Schedule PLAN = [] {
    Schedule schedule;
    schedule.train_steps = 1000;
    schedule.betas.kind = BetaKind::scaled_linear;
    schedule.betas.start = 0.0015;
    schedule.betas.end = 0.0195;
    schedule.final_alpha = FinalAlpha::first;
    return schedule;
}();

// A graph of a few products and sums, each rounded to float32, from the left.
std::pair<Tensor, Tensor> step(const StepInputs& in) {
    const std::vector<float>& row = in.row.data;
    const auto width = static_cast<std::size_t>(in.cond.shape.back());
    Tensor x = in.x;
    Tensor d = in.x;
    for (std::size_t i = 0; i < x.data.size(); ++i) {
        d.data[i] = in.x.data[i] * in.weights.data[1] + in.cond.data[width];
        x.data[i] = row[3] * in.x.data[i] + row[4] * d.data[i] + row[5] * in.d_prev.data[i] +
                    row[6] * in.noise.data[i];
    }
    return {x, d};
}

struct Event {
    std::string stage;
    int done;
    int total;
};

// A piece to play over a tiling, with everything it refers to.
struct Piece {
    Tiling tiling;
    std::vector<Row> table;
    Shape shape = {3, tiling.frames, 2};
    Guide guide = {{}, {{2}, {-0.25F, 0.75F}}};
    std::vector<const Guide*> guides = std::vector<const Guide*>(table.size(), &guide);
    std::vector<std::size_t> asked = {};
    std::vector<Event> events = {};
    Cancel cancel = {};

    Piece(Tiling tiles, Solver solver, double eta)
        : tiling(std::move(tiles)), table(rows(PLAN, solver, 16, eta)) {
        for (std::size_t i = 0; i < tiling.starts.size(); ++i) {
            guide.cond.push_back(vectors::drawn(40 + i, {2, 4}));
        }
    }

    Tensor play(const Step& graph) {
        const Noises noises = [this](std::size_t row) {
            asked.push_back(row);
            return batch(normal(9, STEP_STREAM + row, shape, 1));
        };
        const Progress progress = [this](const char* stage, int done, int total) {
            events.push_back({stage, done, total});
        };
        return sample(graph, batch(normal(9, LATENT_STREAM, shape, 1)),
                      {table, guides, tiling, 2, noises}, progress, cancel);
    }

    static Tensor batch(Tensor one) {
        one.shape.insert(one.shape.begin(), 1);
        return one;
    }
};

Tiling laid(const vectors::Json& one) {
    const auto given = one.at("given").get<std::vector<std::int64_t>>();
    return one.at("kind") == "line" ? line(given[0], given[1])
                                    : circle(given[0], given[1], given[2]);
}

}  // namespace

TEST_CASE("latents are Python's") {
    for (const auto& one : vectors::part("sampler")) {
        CAPTURE(one.dump());
        const bool ddim = one.at("solver") == "ddim";
        Piece piece(laid(one), ddim ? Solver::ddim : Solver::dpmpp_2m, one.at("eta"));
        vectors::check(piece.play(step), one.at("x"));
    }
}

TEST_CASE("noise is asked only for rows that add some") {
    Piece still(line(9, 9), Solver::ddim, 0.0);
    still.play(step);
    CHECK(still.asked.empty());
    Piece noisy(line(9, 9), Solver::ddim, 1.0);
    noisy.table.resize(3);
    noisy.table[1].k_noise = 0;
    noisy.play(step);
    CHECK(noisy.asked == std::vector<std::size_t>{0, 2});
}

TEST_CASE("progress counts the runs of all windows") {
    Piece piece(line(20, 8), Solver::ddim, 0.0);
    piece.play(step);
    const int runs = static_cast<int>(16 * piece.tiling.starts.size());
    REQUIRE(piece.events.size() == static_cast<std::size_t>(runs + 1));
    for (int i = 0; i <= runs; ++i) {
        const Event& event = piece.events[static_cast<std::size_t>(i)];
        CHECK(event.stage == "denoise");
        CHECK(event.done == i);
        CHECK(event.total == runs);
    }
}

TEST_CASE("cancel stops before the next run") {
    for (const Tiling& tiles : {line(9, 9), line(20, 8)}) {
        Piece piece(tiles, Solver::ddim, 0.0);
        int ran = 0;
        const Step stopping = [&](const StepInputs& inputs) {
            if (++ran == 2) {
                piece.cancel.cancel();
            }
            return step(inputs);
        };
        CHECK(vectors::refusal(Status::cancelled, [&] { piece.play(stopping); }) ==
              "Stopped as asked.");
        CHECK(ran == 2);
    }
}

TEST_CASE("a latent of another shape is refused") {
    for (const Tiling& tiles : {line(9, 9), line(20, 8)}) {
        Piece piece(tiles, Solver::ddim, 0.0);
        const auto cut = [&] {
            piece.play([](const StepInputs& in) { return std::pair{in.x, zeros({1, 3, 1, 2})}; });
        };
        CHECK(vectors::refusal(Status::bundle, cut).find("another shape") != std::string::npos);
    }
}

TEST_CASE("cancel calls what waits for it and nothing afterwards") {
    Cancel cancel;
    std::vector<std::string> calls;
    {
        const auto outer = cancel.calling([&] { calls.emplace_back("outer"); });
        {
            const auto inner = cancel.calling([&] { calls.emplace_back("inner"); });
        }
        cancel.cancel();
        CHECK(calls == std::vector<std::string>{"outer"});
    }
    cancel.cancel();
    CHECK(calls.size() == 1);
    CHECK(cancel.cancelled());
}

TEST_CASE("who starts waiting after cancel is called at once") {
    Cancel cancel;
    cancel.cancel();
    int calls = 0;
    const auto told = cancel.calling([&] { ++calls; });
    CHECK(calls == 1);
}
