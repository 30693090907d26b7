#include "tests/simulation/workload_values.h"

#include <cstddef>
#include <functional>
#include <optional>
#include <variant>

#include "base/text.h"

namespace quoin::simulation {
namespace {

std::uint64_t Magnitude(std::int64_t number) {
  return number < 0 ? 0 - static_cast<std::uint64_t>(number) : static_cast<std::uint64_t>(number);
}

// Takes the number at the value's beginning, if there is one.
std::string_view NumberOf(std::string_view* value) {
  const std::string_view number = value->substr(0, value->find('<'));
  value->remove_prefix(number.size());
  return number;
}

// Takes the next fragment; empty when the bytes are no fragment.
std::string_view NextFragment(std::string_view* value) {
  const std::size_t end = value->find('>');
  if (value->empty() || value->front() != '<' || end == std::string_view::npos) return {};
  const std::string_view fragment = value->substr(0, end + 1);
  value->remove_prefix(fragment.size());
  return fragment;
}

}  // namespace

void WorkloadValues::Add(Key* key, std::string_view value) {
  if (const std::string_view number = NumberOf(&value); !number.empty()) {
    if (const auto parsed = ParseInt64(number)) key->numbers += Magnitude(*parsed);
  }
  for (auto fragment = NextFragment(&value); !fragment.empty(); fragment = NextFragment(&value)) {
    key->fragments.emplace(fragment);
  }
}

void WorkloadValues::Sent(const quorum::Request& request) {
  if (!quorum::IsWrite(request.operation)) return;
  Key& key = keys_[request.key];
  if (const auto* put = std::get_if<quorum::Put>(&request.operation)) Add(&key, put->value);
  if (const auto* swap = std::get_if<quorum::Swap>(&request.operation)) Add(&key, swap->put.value);
  if (const auto* append = std::get_if<quorum::Append>(&request.operation)) Add(&key, append->bytes);
  if (const auto* increment = std::get_if<quorum::Increment>(&request.operation)) {
    key.numbers += Magnitude(increment->by);
  }
}

bool WorkloadValues::IsPossible(const std::string& key, std::string_view value) const {
  const auto found = keys_.find(key);
  if (found == keys_.end()) return false;
  const Key& sent = found->second;
  if (const std::string_view number = NumberOf(&value); !number.empty()) {
    const auto parsed = ParseInt64(number);
    if (!parsed || Magnitude(*parsed) > sent.numbers) return false;
  }
  std::set<std::string_view> met;
  while (!value.empty()) {
    const std::string_view fragment = NextFragment(&value);
    if (fragment.empty() || !sent.fragments.contains(fragment) || !met.insert(fragment).second) return false;
  }
  return true;
}

}  // namespace quoin::simulation
