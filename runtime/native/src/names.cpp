#include "names.h"

#include "manifest.h"

namespace hearsight {
namespace {

template <std::size_t count>
constexpr Names listing(const char* const (&all)[count]) {
    return {all, count};
}

}  // namespace

template <>
Names names<Role>() {
    static constexpr const char* all[] = {"tokenize", "text",   "image",  "moment", "frames",
                                          "audio",    "signal", "detect", "join",   "classify",
                                          "denoise",  "encode", "decode", "vocoder"};
    return listing(all);
}
template <>
Names names<Sense>() {
    static constexpr const char* all[] = {"text",  "image",   "video", "audio",
                                          "depth", "thermal", "imu"};
    return listing(all);
}
template <>
Names names<Precision>() {
    static constexpr const char* all[] = {"fp32", "fp16", "int8"};
    return listing(all);
}
template <>
Names names<DType>() {
    static constexpr const char* all[] = {"float32", "float16", "int64", "int32",
                                          "uint8",   "bool",    "string"};
    return listing(all);
}
template <>
Names names<Kind>() {
    static constexpr const char* all[] = {"generator", "conditioner", "both", "classifier"};
    return listing(all);
}
template <>
Names names<BetaKind>() {
    static constexpr const char* all[] = {"linear", "scaled_linear", "cosine", "given", "flow"};
    return listing(all);
}
template <>
Names names<Prediction>() {
    static constexpr const char* all[] = {"epsilon", "v", "sample", "flow"};
    return listing(all);
}
template <>
Names names<FinalAlpha>() {
    static constexpr const char* all[] = {"one", "first"};
    return listing(all);
}
template <>
Names names<Spacing>() {
    static constexpr const char* all[] = {"leading", "trailing", "upstream"};
    return listing(all);
}
template <>
Names names<Solver>() {
    static constexpr const char* all[] = {"ddim", "dpm++2m", "euler"};
    return listing(all);
}
template <>
Names names<Logarithm>() {
    static constexpr const char* all[] = {"ln", "log10"};
    return listing(all);
}
template <>
Names names<Fill>() {
    static constexpr const char* all[] = {"mean", "list"};
    return listing(all);
}
template <>
Names names<Mean>() {
    static constexpr const char* all[] = {"raw", "unit"};
    return listing(all);
}

}  // namespace hearsight
