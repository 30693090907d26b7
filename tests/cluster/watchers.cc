#include "tests/cluster/watchers.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <future>
#include <sstream>
#include <utility>

#include "tests/cluster/watchers_impl.h"

namespace quoin::tests {

namespace asio = boost::asio;

std::string WatchCounts::ToString() const {
  std::ostringstream text;
  text << watchers << " watchers, " << events << " events, " << gaps << " gaps, " << conflated << " conflated, "
       << reconnects << " reconnects, " << polls << " polls, " << compared << " views compared, " << in_peace
       << " told one by one in peace, " << written << " writes of their own";
  return text.str();
}

Watchers::Watchers(const std::vector<net::HttpEndpoint>& servers, std::uint64_t seed)
    : impl_(std::make_unique<Impl>(servers, seed)) {
  impl_->Begin();
  impl_->thread() = std::thread([impl = impl_.get()] {
    // Nobody writes while nobody asks; and yet it goes on until all has ended.
    const auto work = asio::make_work_guard(impl->context());
    while (!impl->has_ended()) impl->context().run_one();
    // What closed connections and clients leave behind.
    impl->context().poll();
  });
}

Watchers::~Watchers() {
  // Not by Do, which would wait for a thread that may have ended by then.
  asio::post(impl_->context(), [this] { impl_->Stop(); });
  impl_->thread().join();
}

void Watchers::Do(const std::function<void()>& what) {
  std::promise<void> done;
  asio::post(impl_->context(), [&] {
    what();
    done.set_value();
  });
  done.get_future().wait();
}

void Watchers::SetServers(const std::vector<net::HttpEndpoint>& servers) {
  Do([&] { impl_->SetServers(servers); });
}

bool Watchers::Rest() {
  bool rests = false;
  Do([&] {
    impl_->set_resting(true);
    rests = impl_->writers().under_way() == 0;
  });
  return rests;
}

void Watchers::GoOn() {
  Do([&] { impl_->set_resting(false); });
}

std::set<std::string> Watchers::Keys() {
  std::set<std::string> keys;
  Do([&] { keys = impl_->Keys(); });
  return keys;
}

std::string Watchers::Compare(const std::map<std::string, StoredState>& stored) {
  std::string difference;
  Do([&] { difference = impl_->Compare(stored); });
  return difference;
}

void Watchers::BeginPeace() {
  Do([&] { impl_->BeginPeace(); });
}

std::string Watchers::MissingForPeace() {
  std::size_t running = 0;
  Do([&] { running = impl_->writers().peaceful_running(); });
  return running == 0 ? "" : std::to_string(running) + " writers have writes to do";
}

std::string Watchers::LeftOutInPeace() {
  std::string left_out;
  Do([&] { left_out = impl_->LeftOutInPeace(); });
  return left_out;
}

std::vector<std::string> Watchers::Complaints() {
  std::vector<std::string> complaints;
  Do([&] { complaints = impl_->states().complaints(); });
  return complaints;
}

void Watchers::ForgetTold() {
  Do([&] { impl_->states().ForgetTold(); });
}

WatchCounts Watchers::counts() {
  WatchCounts counts;
  Do([&] { counts = impl_->counts(); });
  return counts;
}

}  // namespace quoin::tests
