#include "net/name_lookup.h"

#include <glog/logging.h>
#include <netdb.h>
#include <pthread.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace quoin::net {
namespace {

namespace asio = boost::asio;

std::string Text(std::chrono::milliseconds time) { return std::to_string(time.count()) + " ms"; }

asio::ip::address AddressIn(const addrinfo& info) {
  asio::ip::tcp::endpoint endpoint;
  if (info.ai_addrlen > endpoint.capacity()) return {};
  std::memcpy(endpoint.data(), info.ai_addr, info.ai_addrlen);
  endpoint.resize(info.ai_addrlen);
  return endpoint.address();
}

}  // namespace

struct NameLookup::Door {
  std::mutex mutex;
  // Written on the shard with the mutex held, so that the shard itself reads it without.
  NameLookup* owner = nullptr;
};

std::optional<NameLookup::Addresses> NameLookup::Literal(const std::string& host) {
  boost::system::error_code error;
  const asio::ip::address address = asio::ip::make_address(host, error);
  return error ? std::nullopt : std::optional(Addresses{address});
}

std::vector<asio::ip::tcp::endpoint> NameLookup::EndpointsOf(const Addresses& addresses, std::uint16_t port) {
  std::vector<asio::ip::tcp::endpoint> endpoints;
  for (const asio::ip::address& address : addresses) endpoints.emplace_back(address, port);
  return endpoints;
}

// The C library rather than Asio's blocking resolver, since it may come back when the process is past its main().
Result<NameLookup::Addresses> NameLookup::AskSystem(const std::string& name) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* all = nullptr;
  const int failure = ::getaddrinfo(name.c_str(), nullptr, &hints, &all);
  if (failure == EAI_SYSTEM) return Status(Code::kUnavailable, std::generic_category().message(errno));
  if (failure != 0) return Status(Code::kUnavailable, ::gai_strerror(failure));
  Addresses addresses;
  for (const addrinfo* info = all; info != nullptr; info = info->ai_next) {
    if (info->ai_family == AF_INET || info->ai_family == AF_INET6) addresses.push_back(AddressIn(*info));
  }
  ::freeaddrinfo(all);
  if (addresses.empty()) return Status(Code::kUnavailable, "it has no IP address");
  return addresses;
}

NameLookup::NameLookup(asio::io_context& context, Resolve resolve)
    : context_(context), resolve_(std::move(resolve)), door_(std::make_shared<Door>()) {
  door_->owner = this;
}

NameLookup::~NameLookup() {
  const std::lock_guard lock(door_->mutex);
  door_->owner = nullptr;
}

NameLookup::Ticket NameLookup::Find(const std::string& name, const Patience& patience, Done done) {
  const Ticket ticket = ++last_ticket_;
  const Time now = std::chrono::steady_clock::now();
  Waiter waiter{name, patience, now, std::move(done), asio::steady_timer(context_)};
  WakeAt(ticket, waiters_.emplace(ticket, std::move(waiter)).first->second, now + patience.fresh);
  Begin(name);
  return ticket;
}

void NameLookup::Begin(const std::string& name) {
  if (running_.size() >= kMostAtOnce || !running_.insert(name).second) return;
  try {
    // Nobody could join it in time.
    std::thread(LookUp, door_, resolve_, name).detach();
  } catch (const std::system_error& error) {
    // Who waits for it is answered as though it took too long.
    running_.erase(name);
    LOG(WARNING) << "no thread to look up " << name << ": " << error.what();
  }
}

void NameLookup::LookUp(const std::shared_ptr<Door>& door, const Resolve& resolve, const std::string& name) {
  ::pthread_setname_np(::pthread_self(), "name-lookup");
  auto result = resolve(name);
  // While this is held, the owner is there, and so is its loop.
  const std::lock_guard lock(door->mutex);
  if (door->owner == nullptr) return;
  asio::post(door->owner->context_, [door, name, result = std::move(result)] {
    if (door->owner != nullptr) door->owner->OnEnd(name, result);
  });
}

void NameLookup::OnEnd(const std::string& name, const Result<Addresses>& result) {
  running_.erase(name);
  if (result.ok()) Remember(name, *result);
  // Those who come to ask while these are answered want another lookup.
  std::vector<Ticket> answered;
  for (const auto& [ticket, waiter] : waiters_) {
    if (waiter.name == name) answered.push_back(ticket);
  }
  for (const Ticket ticket : answered) {
    Answer(ticket, result.ok() ? Found{*result, ""}
                               : StandIn(name, "the name can't be resolved: " + result.status().message()));
  }
  BeginThoseThatWait();
}

void NameLookup::BeginThoseThatWait() {
  for (const auto& [ticket, waiter] : waiters_) {
    if (running_.size() >= kMostAtOnce) return;
    Begin(waiter.name);
  }
}

void NameLookup::WakeAt(Ticket ticket, Waiter& waiter, Time time) {
  waiter.timer.expires_at(time);
  waiter.timer.async_wait([door = door_, ticket](const boost::system::error_code& error) {
    if (!error && door->owner != nullptr) door->owner->OnWake(ticket);
  });
}

void NameLookup::OnWake(Ticket ticket) {
  const auto found = waiters_.find(ticket);
  if (found == waiters_.end()) return;
  Waiter& waiter = found->second;
  const auto waited = waiter.nothing_to_stand_in ? waiter.patience.whole : waiter.patience.fresh;
  auto stand_in = StandIn(waiter.name, "the name is still being looked up after " + Text(waited));
  if (stand_in.ok() || waiter.nothing_to_stand_in) return Answer(ticket, std::move(stand_in));
  waiter.nothing_to_stand_in = true;
  WakeAt(ticket, waiter, waiter.asked + waiter.patience.whole);
}

void NameLookup::Answer(Ticket ticket, Result<Found> found) {
  const auto waiter = waiters_.extract(ticket);
  if (!waiter.empty()) waiter.mapped().done(std::move(found));
}

void NameLookup::Remember(const std::string& name, const Addresses& addresses) {
  remembered_[name] = {addresses, std::chrono::steady_clock::now()};
  if (remembered_.size() <= kMostRemembered) return;
  remembered_.erase(std::min_element(remembered_.begin(), remembered_.end(), [](const auto& one, const auto& other) {
    return one.second.found < other.second.found;
  }));
}

Result<NameLookup::Found> NameLookup::StandIn(const std::string& name, const std::string& why) const {
  const auto found = remembered_.find(name);
  if (found == remembered_.end()) return Status(Code::kUnavailable, why);
  return Found{found->second.addresses, why};
}

}  // namespace quoin::net
