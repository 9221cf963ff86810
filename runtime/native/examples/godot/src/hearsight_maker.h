// A node that turns texts into AudioStreamWAV while the game goes on.
#pragma once

#include "sound_maker.h"

#include <godot_cpp/classes/audio_stream_wav.hpp>
#include <godot_cpp/classes/node.hpp>

class HearsightMaker : public godot::Node {
    GDCLASS(HearsightMaker, godot::Node)

  public:
    bool open(const godot::String& onnxruntime, const godot::String& extensions,
              const godot::String& bundle);
    bool begin(const godot::String& text, double seconds, int64_t seed, bool loop);
    void cancel();
    godot::String get_error() const;
    void _process(double delta) override;
    void _exit_tree() override;

  protected:
    static void _bind_methods();

  private:
    hearsight_example::SoundMaker maker_;
    bool running_ = false;
    bool loop_ = false;
};
