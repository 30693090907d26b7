// Packets for the tests of the codec, and a way to compare them field by field that no new field escapes.
#pragma once

#include <boost/pfr.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "base/status.h"
#include "quorum/packet.h"

namespace quoin::net {

// Packets of every kind, each with all that it can hold and with as little as it can.
std::vector<quorum::PacketBody> PeerExamples();

// A record with everything in it, `seed` telling one from another; and the least one.
kv::RecordPtr FullRecord(std::uint64_t seed, bool with_operations = true);
kv::RecordPtr LeastRecord();

// All fields of a value, by paths that are the same for all elements of a list:
// "#0.message#1.record.operations[].id.client".
using Fields = std::vector<std::pair<std::string, std::string>>;

template <typename T>
void Describe(const T& value, const std::string& path, Fields* out);

namespace describe {

inline void Add(const Status& status, const std::string& path, Fields* out) {
  out->emplace_back(path + ".code", std::to_string(static_cast<int>(status.code())));
  out->emplace_back(path + ".message", status.message());
}
inline void Add(const std::string& text, const std::string& path, Fields* out) { out->emplace_back(path, text); }
template <typename Rep, typename Period>
void Add(const std::chrono::duration<Rep, Period>& duration, const std::string& path, Fields* out) {
  out->emplace_back(path, std::to_string(duration.count()));
}
template <typename Clock, typename Duration>
void Add(const std::chrono::time_point<Clock, Duration>& time, const std::string& path, Fields* out) {
  Add(time.time_since_epoch(), path, out);
}
template <typename T>
void Add(const std::optional<T>& value, const std::string& path, Fields* out) {
  out->emplace_back(path + "?", value ? "given" : "none");
  if (value) Describe(*value, path, out);
}
template <typename T>
void Add(const std::shared_ptr<T>& value, const std::string& path, Fields* out) {
  out->emplace_back(path + "?", value ? "given" : "none");
  if (value) Describe(*value, path, out);
}
template <typename T>
void Add(const std::vector<T>& values, const std::string& path, Fields* out) {
  out->emplace_back(path + "[]", std::to_string(values.size()));
  for (const T& value : values) Describe(value, path + "[]", out);
}
template <typename K, typename V>
void Add(const std::map<K, V>& values, const std::string& path, Fields* out) {
  out->emplace_back(path + "{}", std::to_string(values.size()));
  for (const auto& [key, value] : values) {
    Describe(key, path + "{}.key", out);
    Describe(value, path + "{}", out);
  }
}
template <typename... Ts>
void Add(const std::variant<Ts...>& value, const std::string& path, Fields* out) {
  out->emplace_back(path + "#", std::to_string(value.index()));
  std::visit([&](const auto& one) { Describe(one, path + "#" + std::to_string(value.index()), out); }, value);
}

}  // namespace describe

// The fields of structs are found by boost::pfr, so nothing is to be added here for a new one.
template <typename T>
void Describe(const T& value, const std::string& path, Fields* out) {
  if constexpr (std::is_enum_v<T>) {
    out->emplace_back(path, std::to_string(static_cast<std::int64_t>(value)));
  } else if constexpr (std::is_arithmetic_v<T>) {
    out->emplace_back(path, std::to_string(value));
  } else if constexpr (requires { describe::Add(value, path, out); }) {
    describe::Add(value, path, out);
  } else {
    std::size_t place = 0;
    boost::pfr::for_each_field(value,
                               [&](const auto& field) { Describe(field, path + "." + std::to_string(place++), out); });
  }
}

inline Fields FieldsOf(const quorum::PacketBody& packet) {
  Fields fields;
  Describe(packet, "", &fields);
  return fields;
}

}  // namespace quoin::net
