#include "net/client/scan.h"

#include <algorithm>
#include <utility>

#include "net/client/await.h"
#include "net/client/scan_impl.h"

namespace quoin::client {

ScanStream::Impl::Impl(std::shared_ptr<Client::Impl> client, ScanRequest request, CallOptions options)
    : client_(std::move(client)), request_(std::move(request)), options_(std::move(options)) {
  ended_ = request_.max_entries == 0u;
  if (request_.page_entries < 1 || request_.page_entries > kMaxPageEntries) {
    status_ = Status(Code::kInvalid, "bad-operation: page_entries is 1 to " + std::to_string(kMaxPageEntries) +
                                         ", not " + std::to_string(request_.page_entries));
  }
}

void ScanStream::Impl::Prefetch() {
  if (under_way_ || next_ || ended_ || !status_.ok()) return;
  PageRequest page;
  page.prefix = request_.prefix;
  page.cursor = asked_cursor_;
  page.keys_only = request_.keys_only;
  page.limit = request_.page_entries;
  if (request_.max_entries) {
    page.limit =
        static_cast<std::uint32_t>(std::min<std::uint64_t>(page.limit, *request_.max_entries - asked_entries_));
  }
  under_way_ = true;
  // A stream that is destroyed meanwhile needs no page.
  client_->StartPage(std::move(page), options_, [weak = weak_from_this()](PageAnswer answer) {
    if (const auto self = weak.lock(); self != nullptr) self->OnPage(std::move(answer));
  });
}

void ScanStream::Impl::OnPage(PageAnswer page) {
  under_way_ = false;
  if (!page.done()) {
    status_ = Status(Code::kUnavailable, "the scan broke off: " + page.problem.type +
                                             (page.problem.detail.empty() ? "" : ": " + page.problem.detail));
  } else {
    asked_entries_ += page.entries.size();
    // A cursor that stands still would keep us here for ever.
    ended_ = page.cursor.empty() || page.cursor == asked_cursor_ ||
             (request_.max_entries && asked_entries_ >= *request_.max_entries);
    asked_cursor_ = page.cursor;
    next_ = std::move(page);
  }
  if (waiter_) std::move(waiter_)(true);
}

// Not written where it is awaited: gcc 12 destroys the captures of a lambda twice that is made within a co_await.
boost::asio::awaitable<bool> ScanStream::Impl::PageCame() {
  return Await<bool>([self = shared_from_this()](Handler<bool> handler) { self->waiter_ = std::move(handler); });
}

std::optional<Entry> ScanStream::Impl::Take() {
  if (at_ == page_.entries.size()) {
    if (!next_) return std::nullopt;
    page_ = *std::move(next_);
    next_.reset();
    at_ = 0;
    Prefetch();
    if (page_.entries.empty()) return std::nullopt;
  }
  return std::move(page_.entries[at_++]);
}

ScanStream::ScanStream(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
ScanStream::ScanStream(ScanStream&&) noexcept = default;
ScanStream& ScanStream::operator=(ScanStream&&) noexcept = default;
ScanStream::~ScanStream() = default;

boost::asio::awaitable<std::optional<Entry>> ScanStream::Next() {
  const std::shared_ptr<Impl> impl = impl_;
  for (;;) {
    if (std::optional<Entry> entry = impl->Take()) co_return entry;
    impl->Prefetch();
    // A page may be empty, and not the last one.
    if (impl->over()) co_return std::nullopt;
    if (!impl->has_page()) co_await impl->PageCame();
  }
}

const Status& ScanStream::status() const { return impl_->status(); }

}  // namespace quoin::client
