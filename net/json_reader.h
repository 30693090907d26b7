// Reading JSON strictly: well-formed UTF-8, no duplicate members, bounded depth. Boost.JSON's own parser keeps the last
// of several members of one name, so that two readers of one body might see two different requests.
#pragma once

#include <boost/json/value.hpp>
#include <cstddef>
#include <string_view>

#include "base/status.h"

namespace quoin::net {

// kInvalid says what is wrong. `max_depth`: how deep arrays and objects may nest, at least 1.
Result<boost::json::value> ReadJson(std::string_view text, std::size_t max_depth);

}  // namespace quoin::net
