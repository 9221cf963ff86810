# The libraries that are opened while a program runs, for the tests and to be installed beside ours:
# ONNX Runtime's and, for texts, that of onnxruntime-extensions. They are those of a Python's
# packages, or are named one by one; without either, nothing but the library itself is installed.
#
# Gives HEARSIGHT_ORT, and HEARSIGHT_OPENED_EXTENSIONS: what opens in programs without Python.

set(HEARSIGHT_PYTHON "" CACHE FILEPATH "Python with onnxruntime and onnxruntime-extensions")
set(HEARSIGHT_ORT "" CACHE FILEPATH "ONNX Runtime's library, instead of that of HEARSIGHT_PYTHON")
set(HEARSIGHT_EXTENSIONS "" CACHE FILEPATH "onnxruntime-extensions' library, likewise")

# The one library in a package of HEARSIGHT_PYTHON that has one of these names.
function(hearsight_packaged variable package)
    set(question "from importlib.util import find_spec as f; print(f('${package}').submodule_search_locations[0])")
    execute_process(COMMAND "${HEARSIGHT_PYTHON}" -c "${question}"
        OUTPUT_VARIABLE folder OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE failed ERROR_QUIET)
    set(found "")
    if(NOT failed)
        file(TO_CMAKE_PATH "${folder}" folder)
        list(TRANSFORM ARGN PREPEND "${folder}/")
        file(GLOB found ${ARGN})
    endif()
    list(LENGTH found count)
    if(NOT count EQUAL 1)
        message(FATAL_ERROR "HEARSIGHT_PYTHON is ${HEARSIGHT_PYTHON}, and in its package ${package} "
            "are ${count} libraries where one was looked for. Install the package there, or name "
            "the libraries with -DHEARSIGHT_ORT=FILE and -DHEARSIGHT_EXTENSIONS=FILE.")
    endif()
    set(${variable} "${found}" PARENT_SCOPE)
endfunction()

if(HEARSIGHT_PYTHON AND NOT HEARSIGHT_ORT)
    hearsight_packaged(HEARSIGHT_ORT onnxruntime
        capi/libonnxruntime.so.* capi/libonnxruntime.*.dylib capi/onnxruntime.dll)
endif()
# The package's libraries for Windows and macOS do not open without Python: name a native one there.
if(HEARSIGHT_PYTHON AND NOT HEARSIGHT_EXTENSIONS AND CMAKE_SYSTEM_NAME STREQUAL "Linux")
    hearsight_packaged(HEARSIGHT_EXTENSIONS onnxruntime_extensions _extensions_pydll*.so)
endif()

# The library of the Python package wants Python's names when it is loaded, though nothing that a
# player calls uses them. A library that has these names and brings it along stands in for it. They
# are seen by it alone: where a program has Python, or loads it later, Python's own count.
set(HEARSIGHT_OPENED_EXTENSIONS "${HEARSIGHT_EXTENSIONS}")
set(names "")
if(HEARSIGHT_EXTENSIONS AND CMAKE_SYSTEM_NAME STREQUAL "Linux")
    find_program(HEARSIGHT_NM NAMES "${CMAKE_NM}" nm REQUIRED)
    mark_as_advanced(HEARSIGHT_NM)
    execute_process(COMMAND "${HEARSIGHT_NM}" -D --undefined-only "${HEARSIGHT_EXTENSIONS}"
        OUTPUT_VARIABLE listed COMMAND_ERROR_IS_FATAL ANY)
    string(REGEX MATCHALL " _?Py[A-Za-z0-9_]+" names "${listed}")
endif()
if(names)
    list(REMOVE_DUPLICATES names)
    list(JOIN names "[1024]," declared)
    file(CONFIGURE OUTPUT python_names.c CONTENT "char${declared}[1024];\n" @ONLY)
    add_library(ortextensions SHARED "${CMAKE_CURRENT_BINARY_DIR}/python_names.c")
    target_link_libraries(ortextensions PRIVATE -Wl,--no-as-needed "${HEARSIGHT_EXTENSIONS}")
    set_target_properties(ortextensions PROPERTIES
        C_VISIBILITY_PRESET default
        INSTALL_RPATH "$ORIGIN"
        LIBRARY_OUTPUT_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}/extensions")
    set(HEARSIGHT_OPENED_EXTENSIONS "$<TARGET_FILE:ortextensions>")
endif()

# Names under which the library looks for them beside itself. That of Windows is our own, so that
# no other plugin that asks for onnxruntime.dll is given this one, nor this one the system's.
if(WIN32)
    set(beside "${CMAKE_INSTALL_BINDIR}")
    set(ort_name hearsight_onnxruntime.dll)
    set(extensions_name ortextensions.dll)
else()
    set(beside "${CMAKE_INSTALL_LIBDIR}")
    set(ort_name libonnxruntime${CMAKE_SHARED_LIBRARY_SUFFIX})
    set(extensions_name libortextensions${CMAKE_SHARED_LIBRARY_SUFFIX})
endif()
if(HEARSIGHT_ORT)
    install(PROGRAMS "${HEARSIGHT_ORT}" DESTINATION "${beside}" RENAME ${ort_name})
endif()
if(TARGET ortextensions)
    install(TARGETS ortextensions)
    install(PROGRAMS "${HEARSIGHT_EXTENSIONS}" DESTINATION "${beside}")
elseif(HEARSIGHT_EXTENSIONS)
    install(PROGRAMS "${HEARSIGHT_EXTENSIONS}" DESTINATION "${beside}" RENAME ${extensions_name})
endif()
