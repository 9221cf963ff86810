# onnxruntime-extensions' library of the Python package wants Python's names when it is loaded,
# though nothing that a player calls uses them. In programs without Python these stand in.
#
# Gives the target hearsight_python_names, empty where the library wants none.

add_library(hearsight_python_names INTERFACE)
find_program(NM nm)
if(HEARSIGHT_EXTENSIONS AND NM AND UNIX)
    execute_process(COMMAND "${NM}" -D --undefined-only "${HEARSIGHT_EXTENSIONS}"
        OUTPUT_VARIABLE listed OUTPUT_STRIP_TRAILING_WHITESPACE)
    string(REGEX MATCHALL "_?Py[A-Za-z0-9_]+" names "${listed}")
    if(names)
        list(REMOVE_DUPLICATES names)
        list(JOIN names "[1024],\n    " declared)
        file(CONFIGURE OUTPUT python_names.c CONTENT "char ${declared}[1024];\n" @ONLY)
        add_library(python_names SHARED "${CMAKE_CURRENT_BINARY_DIR}/python_names.c")
        set_target_properties(python_names PROPERTIES C_VISIBILITY_PRESET default)
        target_link_libraries(hearsight_python_names INTERFACE
            -Wl,--no-as-needed python_names -Wl,--as-needed)
    endif()
endif()
