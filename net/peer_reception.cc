#include "net/peer_reception.h"

#include <glog/logging.h>

#include <boost/asio/error.hpp>
#include <utility>

namespace quoin::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

// How long to rest when the process has no file descriptor left for another peer.
constexpr std::chrono::milliseconds kAcceptRest{100};

}  // namespace

void PeerVisit::Answer(const PeerAnswer& answer) {
  if (session_ == nullptr) return;
  session_->Answer(answer);
  if (session_->linked()) reception_->greeting_.erase(number_);
  connection_->Wake();
}

void PeerVisit::Close() {
  if (session_ == nullptr) return;
  connection_->Close();
  reception_->Remove(*this);
}

PeerReception::PeerReception(tcp::acceptor& acceptor, const Limits& limits, Handlers handlers)
    : acceptor_(acceptor), rest_(acceptor.get_executor()), limits_(limits), handlers_(std::move(handlers)) {
  AcceptNext();
}

PeerReception::~PeerReception() {
  error_code ignored;
  acceptor_.cancel(ignored);
  while (!visits_.empty()) {
    const PeerVisitPtr visit = visits_.begin()->second;
    visit->Close();
  }
}

void PeerReception::AcceptNext() {
  // An accept that has happened but was not told yet when this is destroyed is told afterwards.
  acceptor_.async_accept([this, alive = std::weak_ptr<bool>(alive_)](const error_code& error, tcp::socket socket) {
    if (alive.expired() || error == asio::error::operation_aborted) return;
    if (!error) {
      OnAccepted(std::move(socket));
      AcceptNext();
      return;
    }
    // Most likely the process is out of file descriptors: those who wait stay in the kernel's queue meanwhile.
    LOG_EVERY_N(WARNING, 100) << "can't accept a peer's connection: " << error.message();
    rest_.expires_after(kAcceptRest);
    rest_.async_wait([this, alive](const error_code& rest_error) {
      if (!alive.expired() && !rest_error) AcceptNext();
    });
  });
}

void PeerReception::OnAccepted(tcp::socket socket) {
  MakeRoom();
  auto visit = std::make_shared<PeerVisit>();
  visit->number_ = ++last_number_;
  visit->reception_ = this;
  // The connection doesn't outlive the visit's place in visits_, so that these can do with a plain pointer.
  PeerVisit* const raw = visit.get();
  PeerInbound::Handlers session_handlers;
  session_handlers.hello = [this, raw](const PeerHello& hello) {
    const PeerVisitPtr held = visits_.at(raw->number_);
    handlers_.hello(held, hello);
  };
  session_handlers.batch = [this, raw](std::string_view batch) { return handlers_.batch(*raw, batch); };
  session_handlers.commit_number = [this, raw](std::uint64_t number) { handlers_.commit_number(*raw, number); };
  auto session =
      std::make_unique<PeerInbound>(limits_.session, std::move(session_handlers), std::chrono::steady_clock::now());
  visit->session_ = session.get();
  PeerConnection::Handlers connection_handlers;
  connection_handlers.read = [this, raw] {
    if (raw->linked()) handlers_.read(*raw);
  };
  connection_handlers.closed = [this, raw](const std::string& reason) {
    const PeerVisitPtr held = visits_.at(raw->number_);
    Remove(*held);
    handlers_.closed(*held, reason);
  };
  visit->connection_ = std::make_shared<PeerConnection>(std::move(socket), std::move(session), limits_.link_timeout,
                                                        std::move(connection_handlers));
  visit->remote_ = visit->connection_->remote();
  visits_.emplace(visit->number_, visit);
  greeting_.emplace(visit->number_, visit);
  visit->connection_->Start();
}

void PeerReception::MakeRoom() {
  if (greeting_.size() < limits_.max_greeting) return;
  const PeerVisitPtr oldest = greeting_.begin()->second;
  LOG_EVERY_N(WARNING, 100) << "more than " << limits_.max_greeting << " connections on the peers' address that have "
                            << "not said who they are: closing the oldest, from " << oldest->remote();
  oldest->Close();
}

void PeerReception::Remove(PeerVisit& visit) {
  visit.session_ = nullptr;
  greeting_.erase(visit.number_);
  visits_.erase(visit.number_);
}

}  // namespace quoin::net
