#include "external.h"

#include <stdexcept>
#include <utility>
#include <vector>

#include "error.h"
#include "files.h"

namespace hearsight {
namespace {

constexpr int kDeepest = 64;

// Messages of onnx.proto that hold names of files, or others that do.
enum class Message {
    none,
    model,
    training,
    function,
    graph,
    node,
    attribute,
    sparse_tensor,
    tensor,
    entry
};

// Which message the field of that number holds, if it matters here.
Message inside(Message message, std::uint64_t field) {
    switch (message) {
    case Message::model:
        return field == 7    ? Message::graph
               : field == 20 ? Message::training
               : field == 25 ? Message::function
                             : Message::none;
    case Message::training:
        return field == 1 || field == 2 ? Message::graph : Message::none;
    case Message::function:
        return field == 7 ? Message::node : field == 11 ? Message::attribute : Message::none;
    case Message::graph:
        return field == 1    ? Message::node
               : field == 5  ? Message::tensor
               : field == 15 ? Message::sparse_tensor
                             : Message::none;
    case Message::node:
        return field == 5 ? Message::attribute : Message::none;
    case Message::attribute:
        return field == 5 || field == 10    ? Message::tensor
               : field == 6 || field == 11  ? Message::graph
               : field == 22 || field == 23 ? Message::sparse_tensor
                                            : Message::none;
    case Message::sparse_tensor:
        return field == 1 || field == 2 ? Message::tensor : Message::none;
    case Message::tensor:
        return field == 13 ? Message::entry : Message::none;
    case Message::entry:
    case Message::none:
        break;
    }
    return Message::none;
}

// The length-delimited fields of a message, one after the other; others are skipped.
class Fields {
  public:
    explicit Fields(std::string_view message) : rest_(message) {}

    // False at the end. Throws std::invalid_argument if the message is not sound.
    bool next() {
        while (!rest_.empty()) {
            const std::uint64_t tag = varint();
            number = tag >> 3;
            // Protobuf's own reader drops what lies beyond 32 bits, so that another number than
            // this would count.
            if (number == 0 || tag >> 32 != 0) {
                throw std::invalid_argument("there is no such field number");
            }
            switch (tag & 7) {
            case 0:
                varint();
                break;
            case 1:
                take(8);
                break;
            case 2:
                content = take(varint());
                return true;
            case 5:
                take(4);
                break;
            default:
                throw std::invalid_argument("there is no wire type " + std::to_string(tag & 7));
            }
        }
        return false;
    }

    std::uint64_t number = 0;
    std::string_view content;

  private:
    std::uint64_t varint() {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 70; shift += 7) {
            const auto byte = static_cast<unsigned char>(take(1)[0]);
            if (shift == 63 && (byte & 0x7E) != 0) {
                break;  // beyond 64 bits
            }
            value |= std::uint64_t{byte & 0x7Fu} << shift;
            if (byte < 0x80) {
                return value;
            }
        }
        throw std::invalid_argument("a number is too long");
    }

    std::string_view take(std::uint64_t size) {
        if (size > rest_.size()) {
            throw std::invalid_argument("the file ends too early");
        }
        const std::string_view taken = rest_.substr(0, static_cast<std::size_t>(size));
        rest_.remove_prefix(taken.size());
        return taken;
    }

    std::string_view rest_;
};

// The last content of a field, as protobuf takes it; empty if there is none.
std::string_view last(std::string_view message, std::uint64_t number) {
    std::string_view found;
    for (Fields fields(message); fields.next();) {
        if (fields.number == number) {
            found = fields.content;
        }
    }
    return found;
}

// A location as the path of the file below the bundle's folder that `graph` lies in.
std::string below_root(const std::string& graph, const std::string& location) {
    if (!location.empty() && location[0] == '/') {
        return location;
    }
    const std::size_t slash = graph.rfind('/');
    std::string path = slash == std::string::npos ? std::string() : graph.substr(0, slash);
    for (std::size_t start = 0, end = 0; end != std::string::npos; start = end + 1) {
        end = location.find('/', start);
        const std::string step = location.substr(start, end - start);
        if (!step.empty() && step != ".") {
            path += (path.empty() ? "" : "/") + step;
        }
    }
    return path;
}

// A name in a message to users: what is no plain character of ASCII might be anything.
std::string printable(const std::string& name) {
    std::string text;
    for (const char c : name) {
        text += c >= ' ' && c < 0x7F ? c : '?';
    }
    return text;
}

}  // namespace

void check_external(const std::filesystem::path& path, const Variant& variant) {
    std::set<std::string> wanted;
    try {
        wanted = external_files(read_file(path));
    } catch (const std::invalid_argument& problem) {
        throw Error(Status::bundle, shown(path) + " cannot be opened, for it is no ONNX file: " +
                                        problem.what() + ". Fetch or export the bundle again.");
    }
    for (const std::string& location : wanted) {
        const std::string file = below_root(variant.file, location);
        bool listed = false;
        for (const DataFile& data : variant.weights) {
            listed = listed || data.file == file;
        }
        if (!listed) {
            throw Error(Status::bundle,
                        shown(path) + " cannot be opened, for it reads the file \"" +
                            printable(location) +
                            "\", which is not among its weights in bundle.json: do not use this "
                            "bundle unless you know who made it.");
        }
    }
}

std::set<std::string> external_files(std::string_view model) {
    struct Open {
        Message kind;
        std::string_view message;
        int depth;
    };
    std::set<std::string> found;
    std::vector<Open> open = {{Message::model, model, 0}};
    while (!open.empty()) {
        const auto [kind, message, depth] = open.back();
        open.pop_back();
        if (depth > kDeepest) {
            throw std::invalid_argument("messages are nested too deeply");
        }
        if (kind == Message::entry) {
            if (last(message, 1) == "location") {
                found.emplace(last(message, 2));
            }
            continue;
        }
        if (kind == Message::attribute && last(message, 1) == "ep_cache_context") {
            found.emplace(last(message, 4));
        }
        for (Fields fields(message); fields.next();) {
            const Message held = inside(kind, fields.number);
            if (held != Message::none) {
                open.push_back({held, fields.content, depth + 1});
            }
        }
    }
    return found;
}

}  // namespace hearsight
