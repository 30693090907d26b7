#include "tests/cluster/written_states.h"

#include <glog/logging.h>

#include <functional>
#include <utility>

#include "base/text.h"
#include "net/etag.h"

namespace quoin::tests {
namespace {

using Kind = ToldEvent::Kind;

}  // namespace

std::string WrittenStates::BeginPut(const std::string& key, bool expires) {
  Key& written = own_[key];
  written.expires |= expires;
  written.writes.push_back({.is_put = true});
  return key + "=" + std::to_string(written.writes.size() - 1);
}

void WrittenStates::BeginDelete(const std::string& key) {
  Key& written = own_[key];
  written.deleted = true;
  written.writes.push_back({.is_put = false});
}

void WrittenStates::End(const std::string& key, Outcome outcome, const kv::Version& version) {
  Write& write = own_.at(key).writes.back();
  CHECK(write.outcome == Outcome::kUnderWay) << key;
  write.outcome = outcome;
  if (outcome == Outcome::kDone) ++written_;
  if (!write.is_put) return;
  const std::string value = key + "=" + std::to_string(own_.at(key).writes.size() - 1);
  if (write.told && outcome == Outcome::kNotApplied) {
    Complain("'" + value + "' was told at " + net::FormatVersion(write.version) + ", and was certainly not applied");
  }
  if (write.told && outcome == Outcome::kDone && write.version != version) {
    Complain("'" + value + "' was told at " + net::FormatVersion(write.version) + ", and written as " +
             net::FormatVersion(version));
  }
  if (outcome == Outcome::kDone) write.version = version;
}

void WrittenStates::OnTold(const std::string& who, const ToldEvent& event) {
  if (event.kind == Kind::kGap || event.kind == Kind::kSynced) return;
  const std::size_t digest = event.kind == Kind::kPut ? std::hash<std::string>{}(event.value) : 0;
  const auto [known, is_new] = told_[event.key].try_emplace(event.version, Told{event.kind, digest, who});
  if (!is_new && (known->second.kind != event.kind || known->second.digest != digest)) {
    Complain(who + " was told " + ToString(event) + (event.kind == Kind::kPut ? " '" + event.value + "'" : "") +
             ", and " + known->second.who + " something else of the same version");
  }
  if (const auto own = own_.find(event.key); own != own_.end()) CheckOwn(who, event, &own->second);
}

void WrittenStates::CheckOwn(const std::string& who, const ToldEvent& event, Key* key) {
  if (event.kind == Kind::kDeleted && !key->deleted) {
    return Complain(who + " was told " + ToString(event) + ", which nobody has ever deleted");
  }
  if (event.kind == Kind::kExpired && !key->expires) {
    return Complain(who + " was told " + ToString(event) + ", which never had a time to live");
  }
  if (event.kind != Kind::kPut) return;
  const std::string prefix = event.key + "=";
  const auto number = event.value.starts_with(prefix) ? ParseUint64(event.value.substr(prefix.size())) : std::nullopt;
  if (!number || *number >= key->writes.size() || !key->writes[*number].is_put) {
    return Complain(who + " was told " + ToString(event) + " '" + event.value + "', which was never written");
  }
  Write& write = key->writes[*number];
  if (write.outcome == Outcome::kNotApplied) {
    return Complain(who + " was told " + ToString(event) + " '" + event.value + "', which was certainly not applied");
  }
  const bool known = write.told || write.outcome == Outcome::kDone;
  if (known && write.version != event.version) {
    return Complain(who + " was told " + ToString(event) + " '" + event.value + "', which is of version " +
                    net::FormatVersion(write.version));
  }
  write.told = true;
  write.version = event.version;
}

void WrittenStates::Complain(std::string text) {
  LOG(ERROR) << text;
  if (complaints_.size() < kMaxComplaints) complaints_.push_back(std::move(text));
}

}  // namespace quoin::tests
