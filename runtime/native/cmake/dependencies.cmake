# Headers that are not ours. Nothing is linked: ONNX Runtime is opened while the program runs.
#
# They come from HEARSIGHT_DEPENDENCIES, a folder of headers, or the system, or, where neither has
# them, from Debian's packages by tools/fetch_headers.

set(HEARSIGHT_DEPENDENCIES "" CACHE PATH "Folder with the headers of ONNX Runtime, nlohmann-json and doctest")

set(HEARSIGHT_HEADERS "${CMAKE_BINARY_DIR}/headers" CACHE PATH "Where fetched headers go")

function(hearsight_header variable header)
    find_path(${variable} ${header}
        HINTS "${HEARSIGHT_DEPENDENCIES}" "${HEARSIGHT_FETCHED}"
        PATH_SUFFIXES include onnxruntime include/onnxruntime onnxruntime/core/session)
    mark_as_advanced(${variable})
endfunction()

function(hearsight_headers)
    hearsight_header(HEARSIGHT_ORT_INCLUDE onnxruntime_c_api.h)
    hearsight_header(HEARSIGHT_JSON_INCLUDE nlohmann/json.hpp)
    set(found HEARSIGHT_ORT_INCLUDE HEARSIGHT_JSON_INCLUDE)
    if(HEARSIGHT_TESTS)
        hearsight_header(HEARSIGHT_DOCTEST_INCLUDE doctest/doctest.h)
        list(APPEND found HEARSIGHT_DOCTEST_INCLUDE)
    endif()
    set(missing "")
    foreach(variable IN LISTS found)
        if(NOT ${variable})
            list(APPEND missing ${variable})
        endif()
    endforeach()
    set(missing "${missing}" PARENT_SCOPE)
endfunction()

hearsight_headers()
if(missing AND UNIX)
    execute_process(
        COMMAND sh "${CMAKE_CURRENT_SOURCE_DIR}/tools/fetch_headers" "${HEARSIGHT_HEADERS}"
        OUTPUT_VARIABLE HEARSIGHT_FETCHED OUTPUT_STRIP_TRAILING_WHITESPACE
        RESULT_VARIABLE failed)
    if(NOT failed)
        hearsight_headers()
    endif()
endif()
if(missing)
    message(FATAL_ERROR "Headers are missing (${missing}). Install the development packages of ONNX "
        "Runtime, nlohmann-json and doctest, or give their folder: -DHEARSIGHT_DEPENDENCIES=FOLDER.")
endif()

file(STRINGS "${HEARSIGHT_ORT_INCLUDE}/onnxruntime_c_api.h" HEARSIGHT_ORT_TABLE
    REGEX "^#define ORT_API_VERSION [0-9]+$")
string(REGEX REPLACE "[^0-9]" "" HEARSIGHT_ORT_TABLE "${HEARSIGHT_ORT_TABLE}")
if(HEARSIGHT_ORT_TABLE LESS 22)
    message(WARNING "ONNX Runtime's headers are of version 1.${HEARSIGHT_ORT_TABLE}; without those "
        "of 1.22 or later the library has no device rtx.")
endif()

add_library(hearsight_headers INTERFACE)
target_include_directories(hearsight_headers SYSTEM INTERFACE
    "${HEARSIGHT_ORT_INCLUDE}" "${HEARSIGHT_JSON_INCLUDE}")
