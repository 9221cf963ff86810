#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>

#include "error.h"
#include "sha256.h"

using namespace hearsight;

TEST_CASE("hashes are those of the standard's examples") {
    // NIST's example computations for FIPS 180-4: no block, one, two, and many.
    CHECK(sha256("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK(sha256("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    CHECK(sha256(std::string(1'000'000, 'a')) ==
          "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("it does not matter in which pieces the bytes come") {
    std::string text;
    for (int i = 0; i < 300; ++i) {
        text += static_cast<char>(i * 7);
    }
    for (std::size_t length = 0; length <= text.size(); ++length) {
        const std::string whole = sha256(std::string_view(text).substr(0, length));
        for (const std::size_t piece : {std::size_t{1}, std::size_t{63}, std::size_t{65}}) {
            Sha256 hash;
            for (std::size_t at = 0; at < length; at += piece) {
                hash.update(text.data() + at, std::min(piece, length - at));
            }
            REQUIRE(hash.hex() == whole);
        }
    }
}

TEST_CASE("a file has the hash of its content, and one that is not there is named") {
    const auto file = std::filesystem::temp_directory_path() /
                      ("hearsight-sha256-" + std::to_string(std::random_device()()));
    const std::string content(3'000'001, 'x');
    std::ofstream(file, std::ios::binary) << content;
    CHECK(file_sha256(file) == sha256(content));
    std::filesystem::remove(file);
    try {
        file_sha256(file);
        FAIL("it was read");
    } catch (const Error& error) {
        CHECK(error.status == Status::file);
        CHECK(std::string(error.what()).find(file.filename().u8string() + " cannot be read: ") !=
              std::string::npos);
    }
}
