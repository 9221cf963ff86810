#include "hearsight_maker.h"

#include <godot_cpp/core/class_db.hpp>
#include <godot_cpp/godot.hpp>

static void begin(godot::ModuleInitializationLevel level) {
    if (level == godot::MODULE_INITIALIZATION_LEVEL_SCENE) {
        godot::ClassDB::register_class<HearsightMaker>();
    }
}

static void end(godot::ModuleInitializationLevel) {
}

extern "C" GDExtensionBool GDE_EXPORT hearsight_godot_init(
    GDExtensionInterfaceGetProcAddress get_address, GDExtensionClassLibraryPtr library,
    GDExtensionInitialization* initialization) {
    godot::GDExtensionBinding::InitObject made(get_address, library, initialization);
    made.register_initializer(begin);
    made.register_terminator(end);
    made.set_minimum_library_initialization_level(godot::MODULE_INITIALIZATION_LEVEL_SCENE);
    return made.init();
}
