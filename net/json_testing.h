// For tests: members of JSON objects as plain C++ values, comparable and printable.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <string>
#include <string_view>

namespace quoin::net {

// The member's text; for a member that is no text, its JSON; "(none)" when there is none.
inline std::string Member(const boost::json::object& object, std::string_view name) {
  const boost::json::value* const value = object.if_contains({name.data(), name.size()});
  if (value == nullptr) return "(none)";
  if (const auto* text = value->if_string()) return {text->data(), text->size()};
  return boost::json::serialize(*value);
}

}  // namespace quoin::net
