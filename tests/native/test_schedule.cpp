// Tables of rows are Python's bit for bit, and so are the words in which they are refused.

#include "schedule.h"
#include "vectors.h"

using namespace hearsight;

namespace {

template <typename Value>
Value pick(const vectors::Json& name, std::initializer_list<std::pair<const char*, Value>> known) {
    for (const auto& [text, value] : known) {
        if (name == text) {
            return value;
        }
    }
    FAIL("unknown: " << name.dump());
    return known.begin()->second;
}

Schedule plan(const vectors::Json& asked) {
    const vectors::Json& betas = vectors::part("betas").at(asked.at("betas").get<std::string>());
    Schedule schedule;
    schedule.betas.kind =
        pick<BetaKind>(betas.at("kind"), {{"linear", BetaKind::linear},
                                          {"scaled_linear", BetaKind::scaled_linear},
                                          {"cosine", BetaKind::cosine},
                                          {"given", BetaKind::given},
                                          {"flow", BetaKind::flow}});
    schedule.betas.start = betas.at("start");
    schedule.betas.end = betas.at("end");
    schedule.betas.values = betas.at("values").get<std::vector<double>>();
    schedule.betas.shift = betas.at("shift");
    const auto given = static_cast<std::int64_t>(schedule.betas.values.size());
    schedule.train_steps = given > 0 ? given : 1000;
    schedule.spacing = pick<Spacing>(asked.at("spacing"), {{"leading", Spacing::leading},
                                                           {"trailing", Spacing::trailing},
                                                           {"upstream", Spacing::upstream}});
    schedule.final_alpha = pick<FinalAlpha>(
        asked.at("final"), {{"one", FinalAlpha::one}, {"first", FinalAlpha::first}});
    return schedule;
}

std::vector<double> flat(const std::vector<Row>& table) {
    std::vector<double> values;
    for (const Row& row : table) {
        values.insert(values.end(),
                      {row.t, row.alpha, row.sigma, row.k_x, row.k_d, row.k_prev, row.k_noise});
    }
    return values;
}

}  // namespace

TEST_CASE("tables are Python's, and so are refusals") {
    for (const auto& asked : vectors::part("schedule")) {
        CAPTURE(asked.dump());
        const Solver solver = pick<Solver>(
            asked.at("solver"),
            {{"ddim", Solver::ddim}, {"dpm++2m", Solver::dpmpp_2m}, {"euler", Solver::euler}});
        const auto made = [&] {
            return rows(plan(asked), solver, asked.at("steps"), asked.at("eta"),
                        asked.at("strength"));
        };
        if (asked.contains("refused")) {
            CHECK(vectors::refusal(Status::usage, made) == asked.at("refused").get<std::string>());
            continue;
        }
        const std::vector<double> values = flat(made());
        CHECK(values.size() == 7 * asked.at("rows").at("shape").at(0).get<std::size_t>());
        vectors::check(values, asked.at("rows"));
    }
}
