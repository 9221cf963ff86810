#include "hearsight_maker.h"

#include <cmath>
#include <godot_cpp/core/class_db.hpp>

using namespace godot;

static std::string utf8(const String& text) {
    return text.utf8().get_data();
}

bool HearsightMaker::open(const String& onnxruntime, const String& extensions,
                          const String& bundle) {
    running_ = false;
    return maker_.open(utf8(onnxruntime), utf8(extensions), utf8(bundle));
}

bool HearsightMaker::begin(const String& text, double seconds, int64_t seed, bool loop) {
    loop_ = loop;
    running_ = maker_.begin(utf8(text), seconds, static_cast<uint64_t>(seed), loop);
    return running_;
}

void HearsightMaker::cancel() {
    maker_.cancel();
}

String HearsightMaker::get_error() const {
    return String::utf8(maker_.error().c_str());
}

void HearsightMaker::_process(double) {
    const hs_status status = running_ ? maker_.poll() : HS_RUNNING;
    if (status == HS_RUNNING) {
        return;
    }
    running_ = false;
    hearsight_example::Sound sound;
    if (status != HS_OK || !maker_.take(sound)) {
        emit_signal("failed", get_error());
        return;
    }
    PackedByteArray bytes;
    bytes.resize(static_cast<int64_t>(2 * sound.samples.size()));
    for (size_t i = 0; i < sound.samples.size(); ++i) {
        bytes.encode_s16(static_cast<int64_t>(2 * i), std::lround(sound.samples[i] * 32767.0f));
    }
    Ref<AudioStreamWAV> stream;
    stream.instantiate();
    stream->set_format(AudioStreamWAV::FORMAT_16_BITS);
    stream->set_mix_rate(sound.sample_rate);
    stream->set_stereo(sound.channels == 2);
    stream->set_data(bytes);
    if (loop_) {
        stream->set_loop_mode(AudioStreamWAV::LOOP_FORWARD);
        stream->set_loop_end(static_cast<int32_t>(sound.samples.size()) / sound.channels);
    }
    emit_signal("finished", stream);
}

void HearsightMaker::_exit_tree() {
    running_ = false;
    maker_.close();
}

void HearsightMaker::_bind_methods() {
    ClassDB::bind_method(D_METHOD("open", "onnxruntime", "extensions", "bundle"),
                         &HearsightMaker::open);
    ClassDB::bind_method(D_METHOD("begin", "text", "seconds", "seed", "loop"),
                         &HearsightMaker::begin);
    ClassDB::bind_method(D_METHOD("cancel"), &HearsightMaker::cancel);
    ClassDB::bind_method(D_METHOD("get_error"), &HearsightMaker::get_error);
    ADD_SIGNAL(MethodInfo("finished", PropertyInfo(Variant::OBJECT, "stream")));
    ADD_SIGNAL(MethodInfo("failed", PropertyInfo(Variant::STRING, "why")));
}
