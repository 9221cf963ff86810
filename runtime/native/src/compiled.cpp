#include "compiled.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <stdexcept>
#include <system_error>

#include "ascii.h"
#include "contract.h"
#include "error.h"
#include "external.h"
#include "fields.h"
#include "files.h"
#include "json.h"
#include "sha256.h"

namespace hearsight {

void each(Fields& fields, DataFile& into);  // manifest.cpp

void each(Fields& fields, Key& into) {
    fields.needs("graph", into.graph)
        .needs("precision", into.precision)
        .needs("profile", into.profile)
        .needs("builder", into.builder)
        .needs("targets", into.targets)
        .needs("card", into.card)
        .needs("driver", into.driver)
        .needs("system", into.system);
}

namespace {

namespace fs = std::filesystem;

constexpr const char* record_name = "record.json";
constexpr std::size_t most_bytes = std::size_t{1} << 20;

[[noreturn]] void refuse(const std::string& text) {
    throw Error(Status::bundle, text);
}

bool is_digest(const std::string& text, std::size_t length) {
    return text.size() == length && text.find_first_not_of("0123456789abcdef") == text.npos;
}

// A file of the folder itself, such as `denoise.onnx.weights`.
bool is_file_name(const std::string& text) {
    const auto allowed = [](char each) {
        return is_letter(each) || is_digit(each) || each == '_' || each == '.' || each == '+' ||
               each == '-';
    };
    return !text.empty() && text[0] != '.' && text[0] != '+' && text[0] != '-' &&
           std::all_of(text.begin(), text.end(), allowed);
}

// The first breach of the format as a sentence without its end, or nothing.
std::string flaw(const Record& record, std::int64_t format, double seconds) {
    const Key& key = record.key;
    if (format != 1) {
        return "format is " + std::to_string(format) + ", and this player knows 1";
    }
    if (!is_digest(key.graph, 64)) {
        return "key.graph must be 64 lower-case hexadecimal digits";
    }
    if (key.targets.empty() || key.builder.empty() || key.system.empty()) {
        return "key.targets, key.builder and key.system must not be empty";
    }
    if (!is_name(record.bundle) || record.name.empty()) {
        return "bundle and name must be those of a bundle and its graph";
    }
    std::set<std::string> names;
    for (const DataFile& listed : record.files) {
        if (!is_file_name(listed.file) || lower(listed.file) == record_name ||
            !names.insert(lower(listed.file)).second) {
            return "files names " + plain(listed.file) +
                   "; a file lies in the folder itself and is named once";
        }
        if (!is_digest(listed.sha256, 64) || listed.bytes < 0) {
            return "files gives " + listed.file + " no true hash and size";
        }
    }
    if (!names.count(lower(record.name + ".onnx"))) {
        return "files lacks " + plain(record.name) + ".onnx";
    }
    return seconds < 0 || !std::isfinite(seconds) ? "seconds must not be negative" : "";
}

bool is_link(const fs::path& folder, const std::string& name) {
    std::error_code failed;
    return fs::is_symlink(fs::symlink_status(folder / fs::u8path(name), failed));
}

Record read_record(const fs::path& folder) {
    const fs::path path = folder / record_name;
    const std::string where = shown(path);
    if (is_link(folder, record_name)) {
        refuse(where + " is a link, and compiled graphs hold their files themselves.");
    }
    const std::string raw = read_file(path, most_bytes + 1);
    if (raw.size() > most_bytes) {
        refuse(where + " is larger than " + std::to_string(most_bytes) + " bytes: no record is.");
    }
    const Document document = parse_json(raw, where);
    Record record;
    record.folder = folder;
    Flaws flaws;
    double seconds = 0;
    std::int64_t format = 1;
    Fields(document, {}, flaws)
        .needs("key", record.key)
        .needs("bundle", record.bundle)
        .needs("name", record.name)
        .needs("files", record.files)
        .needs("seconds", seconds)
        .takes("snr_db", record.snr_db)
        .takes("format", format)
        .end();
    if (!flaws.first().empty()) {
        refuse(where + flaws.first() + ".");
    }
    if (const std::string told = flaw(record, format, seconds); !told.empty()) {
        refuse(where + ": " + told + ".");
    }
    if (digest(record.key) != folder.filename().u8string()) {
        refuse(shown(folder) + " is not named after the key in its " + record_name + ".");
    }
    return record;
}

// What is wrong with the files of a record, or which other file they would read, in a sentence, or
// nothing.
std::string damage(const Record& record) {
    std::set<std::string> own;
    for (const DataFile& listed : record.files) {
        own.insert(listed.file);
        const fs::path path = record.folder / listed.file;
        const std::string start = "Its file " + shown(path) + " ";
        std::error_code failed;
        if (is_link(record.folder, listed.file)) {
            return start + "is a link.";
        }
        if (!fs::is_regular_file(path, failed)) {
            return start + "is missing.";
        }
        if (fs::file_size(path, failed) != static_cast<std::uintmax_t>(listed.bytes) || failed ||
            file_sha256(path) != listed.sha256) {
            return start + "is damaged.";
        }
    }
    for (const std::string& name : own) {
        if (name.size() < 5 || name.compare(name.size() - 5, 5, ".onnx") != 0) {
            continue;
        }
        try {
            for (const std::string& other : external_files(read_file(record.folder / name))) {
                if (!own.count(other)) {
                    return "Its file " + name + " reads \"" + plain(other.substr(0, 200)) +
                           "\", which its " + record_name + " does not list.";
                }
            }
        } catch (const std::invalid_argument& problem) {
            return "Its file " + name + " cannot be read: " + problem.what() + ".";
        }
    }
    return {};
}

std::string too_far(const Record& record, double least_snr_db) {
    if (!record.snr_db || *record.snr_db >= least_snr_db) {
        return {};
    }
    return "What " + record.key.builder + " made of it is " +
           std::to_string(std::lround(*record.snr_db)) + " dB from its golden outputs.";
}

// Folders named like a digest, the one that is looked for first.
std::vector<fs::path> places(const fs::path& store, const std::string& first) {
    std::vector<fs::path> found;
    std::error_code failed;
    for (fs::directory_iterator each(store, failed), end; !failed && each != end;
         each.increment(failed)) {
        std::error_code unknown;
        if (is_digest(each->path().filename().u8string(), 32) && each->is_directory(unknown)) {
            found.push_back(each->path());
        }
    }
    std::sort(found.begin(), found.end());
    std::stable_partition(found.begin(), found.end(),
                          [&](const fs::path& path) { return path.filename() == first; });
    return found;
}

}  // namespace

Found find_compiled(const fs::path& store, const Key& wanted, const std::string& bundle,
                    const std::string& name, double least_snr_db) {
    const std::string own = digest(wanted);
    std::vector<Key> near;
    std::string flaws;
    for (const fs::path& place : places(store, own)) {
        try {
            Record record = read_record(place);
            if (differences(record.key, wanted).empty() && record.key.graph == wanted.graph) {
                std::string flaw = damage(record);
                flaw = flaw.empty() ? too_far(record, least_snr_db) : flaw;
                if (flaw.empty()) {
                    return {std::move(record), ""};
                }
                flaws += (flaws.empty() ? "" : " ") + flaw;
            } else if (record.key.graph == wanted.graph ||
                       (record.bundle == bundle && record.name == name)) {
                near.push_back(record.key);
            }
        } catch (const Error& problem) {
            if (place.filename() == own) {
                flaws += std::string("Its record is damaged: ") + problem.what();
            }
        }
    }
    return {std::nullopt, flaws.empty() ? reason(near, wanted) : flaws};
}

}  // namespace hearsight
