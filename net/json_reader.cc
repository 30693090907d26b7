#include "net/json_reader.h"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/string.hpp>
#include <boost/json/value_stack.hpp>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"

namespace quoin::net {
namespace {

namespace json = boost::json;
using boost::system::error_code;

// What basic_parser calls for each part of the text. Builds the value, and stops at a member that an object has
// already.
class Builder {
 public:
  static constexpr std::size_t max_object_size = json::object::max_size();
  static constexpr std::size_t max_array_size = json::array::max_size();
  static constexpr std::size_t max_key_size = json::string::max_size();
  static constexpr std::size_t max_string_size = json::string::max_size();

  bool on_document_begin(error_code&) {
    stack_.reset();
    return true;
  }
  bool on_document_end(error_code&) { return true; }
  bool on_object_begin(error_code&) {
    members_.emplace_back();
    return true;
  }
  bool on_object_end(std::size_t count, error_code&) {
    members_.pop_back();
    stack_.push_object(count);
    return true;
  }
  bool on_array_begin(error_code&) { return true; }
  bool on_array_end(std::size_t count, error_code&) {
    stack_.push_array(count);
    return true;
  }
  bool on_key_part(json::string_view part, std::size_t, error_code&) {
    key_.append(part.data(), part.size());
    stack_.push_chars(part);
    return true;
  }
  bool on_key(json::string_view part, std::size_t, error_code& error) {
    key_.append(part.data(), part.size());
    stack_.push_key(part);
    if (!members_.back().insert(key_).second) {
      duplicate_ = key_;
      error = json::error::syntax;
      return false;
    }
    key_.clear();
    return true;
  }
  bool on_string_part(json::string_view part, std::size_t, error_code&) {
    stack_.push_chars(part);
    return true;
  }
  bool on_string(json::string_view part, std::size_t, error_code&) {
    stack_.push_string(part);
    return true;
  }
  bool on_number_part(json::string_view, error_code&) { return true; }
  bool on_int64(std::int64_t number, json::string_view, error_code&) {
    stack_.push_int64(number);
    return true;
  }
  bool on_uint64(std::uint64_t number, json::string_view, error_code&) {
    stack_.push_uint64(number);
    return true;
  }
  bool on_double(double number, json::string_view, error_code&) {
    stack_.push_double(number);
    return true;
  }
  bool on_bool(bool value, error_code&) {
    stack_.push_bool(value);
    return true;
  }
  bool on_null(error_code&) {
    stack_.push_null();
    return true;
  }
  bool on_comment_part(json::string_view, error_code&) { return true; }
  bool on_comment(json::string_view, error_code&) { return true; }

  json::value Take() { return stack_.release(); }
  const std::string& duplicate() const { return duplicate_; }

 private:
  json::value_stack stack_;
  std::vector<std::set<std::string>> members_;  // Of the objects that are open.
  std::string key_;
  std::string duplicate_;
};

}  // namespace

Result<json::value> ReadJson(std::string_view text, std::size_t max_depth) {
  json::parse_options options;
  options.max_depth = max_depth;
  try {
    json::basic_parser<Builder> parser(options);
    error_code error;
    const std::size_t read = parser.write_some(false, text.data(), text.size(), error);
    if (!parser.handler().duplicate().empty()) {
      return Status(Code::kInvalid, "the member " + Printable(parser.handler().duplicate()) + " is given twice");
    }
    if (error || read != text.size() || !parser.done()) {
      return Status(Code::kInvalid, "the body is not JSON: " + (error ? error.message() : "something follows it") +
                                        " at byte " + std::to_string(read));
    }
    return parser.handler().Take();
  } catch (const std::exception& e) {  // The library's own bounds.
    return Status(Code::kInvalid, std::string("the body is not JSON that can be read: ") + e.what());
  }
}

}  // namespace quoin::net
