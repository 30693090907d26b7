#include "net/peer_probe.h"

#include <boost/asio/post.hpp>
#include <optional>
#include <utility>

#include "base/random.h"
#include "net/address.h"
#include "net/peer_ledger.h"
#include "net/peer_reception.h"

namespace quoin::net {

PeerQuestion::PeerQuestion(boost::asio::io_context& context, NameLookup& names, std::string address, PeerHello hello,
                           std::chrono::milliseconds timeout, Done done)
    : address_(std::move(address)), hello_(std::move(hello)), timeout_(timeout), done_(std::move(done)) {
  dial_ = PeerDial::Start(context, names, address_, timeout_, [this](Result<boost::asio::ip::tcp::socket> socket) {
    if (socket.ok()) {
      OnConnected(*std::move(socket));
    } else {
      Finish(socket.status());
    }
  });
}

PeerQuestion::~PeerQuestion() {
  if (dial_ != nullptr) dial_->Cancel();
  if (connection_ != nullptr) connection_->Close();
}

void PeerQuestion::OnConnected(boost::asio::ip::tcp::socket socket) {
  dial_ = nullptr;
  auto answer = std::make_shared<std::optional<PeerAnswer>>();
  PeerOutbound::Handlers session_handlers;
  session_handlers.answer = [answer](const PeerAnswer& given) {
    *answer = given;
    return Status::Ok();
  };
  PeerConnection::Handlers handlers;
  handlers.closed = [this, answer](const std::string& reason) {
    if (*answer) {
      Finish(**answer);
    } else {
      Finish(Status(Code::kUnavailable, "no answer from " + address_ + ": " + reason));
    }
  };
  connection_ = std::make_shared<PeerConnection>(
      std::move(socket),
      std::make_unique<PeerOutbound>(hello_, nullptr, timeout_, std::move(session_handlers),
                                     std::chrono::steady_clock::now()),
      timeout_, std::move(handlers));
  connection_->Start();
}

void PeerQuestion::Finish(Result<PeerAnswer> result) {
  const auto done = std::move(done_);
  done(std::move(result));  // Nothing of this is touched from here on.
}

namespace {

// What a node says to others while it has nothing but a question of its own.
PeerAnswer AnswerWhileAsking(const PeerHello& hello, const PeerIdentity& own, std::uint64_t nonce) {
  PeerAnswer answer;
  answer.who = own;
  if (hello.nonce == nonce && hello.kind == PeerHello::Kind::kDialBack) return answer;
  if (hello.nonce == nonce && hello.kind == PeerHello::Kind::kProbe) {
    answer.objection = {PeerRefusal::kSelf, "it is this very node, which has dialled itself"};
  } else {
    answer.objection = {PeerRefusal::kStarting, "it is starting, and doesn't know yet who it is"};
  }
  return answer;
}

Result<PeerFound> FoundIn(const PeerAnswer& answer, const std::string& address, const PeerIdentity& own) {
  if (answer.objection.refusal == PeerRefusal::kStarting || answer.objection.refusal == PeerRefusal::kTooManyPeers) {
    return Status(Code::kUnavailable, "the node at " + address + " can't answer yet: " + answer.objection.text);
  }
  if (answer.objection.refusal == PeerRefusal::kSelf) return PeerFound{.is_self = true};
  if (answer.objection.refusal != PeerRefusal::kNone) {
    return Status(Code::kIncompatible, "the node at " + address + " refuses this node (" +
                                           RefusalName(answer.objection.refusal) + "): " + answer.objection.text);
  }
  if (const auto objection = CompareIdentities(own, answer.who)) {
    return Status(Code::kIncompatible, "the node at " + address + " is no peer for this one (" +
                                           RefusalName(objection->refusal) + "): " + objection->text);
  }
  if (answer.who.node.value == 0 || answer.who.cluster.value == 0 || answer.who.partition_count == 0) {
    return Status(Code::kIncompatible, "the node at " + address + " doesn't say which cluster it belongs to");
  }
  return PeerFound{.who = answer.who, .unreachable = answer.unreachable};
}

}  // namespace

Result<PeerFound> AskPeer(const std::string& address, const PeerIdentity& own, PeerListener& listener,
                          std::chrono::milliseconds timeout) {
  if (const auto parsed = ParseHostPort(address); !parsed.ok()) return parsed.status();
  boost::asio::io_context& context = listener.context();
  const std::uint64_t nonce = RandomNonZero();
  std::optional<Result<PeerAnswer>> answer;
  {
    PeerReception::Handlers handlers;
    handlers.hello = [&](const PeerVisitPtr& visit, const PeerHello& hello) {
      visit->Answer(AnswerWhileAsking(hello, own, nonce));
    };
    // Nobody gets as far as a link.
    handlers.batch = [](PeerVisit&, std::string_view) { return Status::Ok(); };
    handlers.commit_number = [](PeerVisit&, std::uint64_t) {};
    handlers.read = [](PeerVisit&) {};
    handlers.closed = [](PeerVisit&, const std::string&) {};
    const PeerReception reception(listener.acceptor(), {}, std::move(handlers));
    NameLookup names(context);
    const PeerQuestion question(context, names, address, PeerHello{PeerHello::Kind::kProbe, own, nonce}, timeout,
                                [&](Result<PeerAnswer> given) { answer = std::move(given); });
    context.restart();
    const SteadyTime until = std::chrono::steady_clock::now() + timeout;
    while (!answer && context.run_one_until(until) > 0) {
    }
  }
  // What was cancelled above ends here, so that nothing of it waits for the acceptor.
  context.restart();
  context.poll();
  if (!answer) {
    return Status(Code::kUnavailable,
                  "no answer from " + address + " within " + std::to_string(timeout.count()) + " ms");
  }
  if (!answer->ok()) return answer->status();
  return FoundIn(**answer, address, own);
}

}  // namespace quoin::net
