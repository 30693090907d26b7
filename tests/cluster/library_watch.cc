#include "tests/cluster/library_watch.h"

#include <glog/logging.h>

#include <utility>

namespace quoin::tests {

LibraryWatch::LibraryWatch(boost::asio::any_io_executor executor, Options options)
    : executor_(std::move(executor)), options_(std::move(options)) {}

void LibraryWatch::Begin() {
  client::Options client;
  client.servers = options_.servers();
  auto created = client::Client::Create(executor_, std::move(client));
  CHECK(created.ok()) << created.status();
  client_ = *std::move(created);
  begun_ = std::make_shared<bool>(true);
  connections_ = 0;
  client::WatchOptions watch;
  watch.cursor = cursor_;
  watch.on_connection = [this, begun = begun_](bool connected, const std::string&) {
    if (*begun && connected && ++connections_ > 1) options_.on_reconnect();
  };
  options_.on_begin(!cursor_.empty());
  stream_ = std::make_unique<client::WatchStream>(client_->Watch(options_.targets, std::move(watch)));
  Next();
}

void LibraryWatch::Next() {
  stream_->StartNext([this, begun = begun_](std::optional<client::WatchEvent> event) {
    if (!*begun) return;
    if (!event) return options_.on_nonsense("the library ended the watch: " + stream_->status().ToString());
    cursor_ = stream_->cursor();
    const auto told = EventOf(*event);
    if (told.ok()) {
      options_.on_event(*told);
    } else {
      options_.on_nonsense("the library told " + told.status().message());
    }
    Next();
  });
}

void LibraryWatch::Leave() {
  Stop();
  Begin();
}

void LibraryWatch::Stop() {
  if (stream_ == nullptr) return;
  *begun_ = false;
  cursor_ = stream_->cursor();
  stream_.reset();
  client_.reset();
}

}  // namespace quoin::tests
