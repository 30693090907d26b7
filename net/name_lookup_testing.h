// Names that exist for one test alone, and whose lookups hang for as long as it wants.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>

#include "base/status.h"
#include "net/name_lookup.h"

namespace quoin::net {

// All names mean 127.0.0.1 until the test says otherwise. Any thread.
class TestNames {
 public:
  ~TestNames() { state_->Release(); }

  // For a NameLookup. A lookup may outlive everybody, this object included, so it keeps what it uses.
  NameLookup::Resolve Resolver() const {
    return [state = state_](const std::string& name) { return state->Resolve(name); };
  }
  void Hang(const std::string& name) { state_->Hang(name); }
  // All that hang.
  void Release() { state_->Release(); }
  // From now on, of all names.
  void Mean(const std::string& address) { state_->Mean(boost::asio::ip::make_address(address)); }
  void Fail(const std::string& why) { state_->Mean(Status(Code::kUnavailable, why)); }
  // Blocks until so many lookups of the name have begun.
  void AwaitLookups(const std::string& name, int count) { state_->Await(name, count); }
  int Lookups(const std::string& name) { return state_->Lookups(name); }

 private:
  class State {
   public:
    Result<NameLookup::Addresses> Resolve(const std::string& name) {
      std::unique_lock lock(mutex_);
      ++lookups_[name];
      changed_.notify_all();
      changed_.wait(lock, [&] { return !hanging_.contains(name); });
      if (!meaning_.ok()) return meaning_.status();
      return NameLookup::Addresses{*meaning_};
    }
    void Hang(const std::string& name) {
      const std::lock_guard lock(mutex_);
      hanging_.insert(name);
    }
    void Release() {
      const std::lock_guard lock(mutex_);
      hanging_.clear();
      changed_.notify_all();
    }
    void Mean(Result<boost::asio::ip::address> meaning) {
      const std::lock_guard lock(mutex_);
      meaning_ = std::move(meaning);
    }
    void Await(const std::string& name, int count) {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return lookups_[name] >= count; });
    }
    int Lookups(const std::string& name) {
      const std::lock_guard lock(mutex_);
      return lookups_[name];
    }

   private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::set<std::string> hanging_;
    std::map<std::string, int> lookups_;
    Result<boost::asio::ip::address> meaning_ = boost::asio::ip::make_address("127.0.0.1");
  };

  const std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace quoin::net
