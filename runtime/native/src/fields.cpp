#include "fields.h"

#include <algorithm>
#include <limits>

#include "nearest.h"

namespace hearsight {
namespace {

void note(std::string& kind, std::string flaw) {
    if (kind.empty()) {
        kind = std::move(flaw);
    }
}

bool is_int64(const Json& value) {
    constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    return value.is_number_integer() &&
           (!value.is_number_unsigned() || value.get<std::uint64_t>() <= most);
}

}  // namespace

std::string Place::text() const {
    if (parent == nullptr) {
        return {};
    }
    const std::string before = parent->text();
    if (key.data() == nullptr) {
        return before + "[" + std::to_string(index) + "]";
    }
    return before.empty() ? std::string(key) : before + "." + std::string(key);
}

std::string Place::inside() const {
    const std::string where = text();
    return where.empty() ? where : " in " + where;
}

void Flaws::unfit(const Json& value, const Place& place, const std::string& wanted) {
    if (other.empty()) {
        const std::string where = place.text();
        other = ": " + (where.empty() ? "the top level" : where) + " is " + excerpt(value) +
                "; it should be " + wanted;
    }
}

Fields::Fields(const Json& value, const Place& place, Flaws& flaws)
    : value_(value), place_(place), flaws_(flaws) {
    object_of(value, place, flaws);
}

Fields& Fields::takes_one_of(const char* key, std::int64_t& into,
                             std::initializer_list<std::int64_t> allowed) {
    const Json* inside = at(key);
    if (inside == nullptr) {
        return *this;
    }
    std::string all;
    for (const std::int64_t number : allowed) {
        if (is_int64(*inside) && inside->get<std::int64_t>() == number) {
            into = number;
            return *this;
        }
        all += (all.empty() ? "" : " or ") + std::to_string(number);
    }
    flaws_.unfit(*inside, Place{&place_, key, 0}, all);
    return *this;
}

void Fields::end() const {
    if (!value_.is_object() || !flaws_.unknown.empty()) {
        return;
    }
    for (const auto& [key, inside] : value_.get_ref<const Json::object_t&>()) {
        if (std::find(known_.begin(), known_.end(), key) == known_.end()) {
            flaws_.unknown =
                " has the unknown key " + excerpt(key) + place_.inside() + nearest(key, known_);
            return;
        }
    }
}

const Json* Fields::at(const char* key) {
    known_.emplace_back(key);
    const auto found = value_.find(key);
    return found == value_.end() ? nullptr : &*found;
}

void Fields::lack(const char* key) {
    if (value_.is_object()) {
        note(flaws_.other, " lacks the key \"" + Place{&place_, key, 0}.text() + "\"");
    }
}

void read(const Json& value, const Place& place, Flaws& flaws, std::string& into) {
    if (value.is_string()) {
        into = value.get_ref<const std::string&>();
    } else {
        flaws.unfit(value, place, "a valid string");
    }
}

void read(const Json& value, const Place& place, Flaws& flaws, bool& into) {
    if (value.is_boolean()) {
        into = value.get<bool>();
    } else {
        flaws.unfit(value, place, "a valid boolean");
    }
}

void read(const Json& value, const Place& place, Flaws& flaws, std::int64_t& into) {
    if (is_int64(value)) {
        into = value.get<std::int64_t>();
    } else {
        flaws.unfit(value, place, "a valid integer");
    }
}

void read(const Json& value, const Place& place, Flaws& flaws, double& into) {
    if (value.is_number()) {
        into = value.get<double>();
    } else {
        flaws.unfit(value, place, "a valid number");
    }
}

void read(const Json& value, const Place& place, Flaws& flaws,
          std::variant<std::int64_t, std::string>& into) {
    if (is_int64(value)) {
        into = value.get<std::int64_t>();
    } else if (value.is_string()) {
        into = value.get_ref<const std::string&>();
    } else {
        flaws.unfit(value, place, "a valid integer");
    }
}

std::optional<std::size_t> read_name(const Json& value, const Place& place, Flaws& flaws,
                                     Names names) {
    const auto index = value.is_string() ? index_of(value.get_ref<const std::string&>(), names)
                                         : std::optional<std::size_t>();
    if (!index) {
        std::string all;
        for (std::size_t i = 0; i < names.count; ++i) {
            const char* before = i == 0 ? "'" : i + 1 == names.count ? " or '" : ", '";
            all += before + std::string(names.all[i]) + "'";
        }
        flaws.unfit(value, place, all);
    }
    return index;
}

std::optional<std::size_t> read_key(const std::string& key, const Place& place, Flaws& flaws,
                                    Names names) {
    const auto index = index_of(key, names);
    if (!index) {
        std::string all;
        for (const char* name : names) {
            all += (all.empty() ? "" : ", ") + std::string(name);
        }
        note(flaws.key, " has the unknown key " + excerpt(key) + place.inside() +
                            nearest(key, {names.begin(), names.end()}) + "; known: " + all);
    }
    return index;
}

const Json::array_t* array_of(const Json& value, const Place& place, Flaws& flaws) {
    if (value.is_array()) {
        return &value.get_ref<const Json::array_t&>();
    }
    flaws.unfit(value, place, "a valid array");
    return nullptr;
}

const Json::object_t* object_of(const Json& value, const Place& place, Flaws& flaws) {
    if (value.is_object()) {
        return &value.get_ref<const Json::object_t&>();
    }
    flaws.unfit(value, place, "an object");
    return nullptr;
}

}  // namespace hearsight
