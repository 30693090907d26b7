// Await: what ends with a call of a handler, as something that a coroutine can wait for.
#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

namespace quoin::client {

// Calls `starter` with a callable that takes the T, once, on the coroutine's executor.
template <typename T, typename Starter>
boost::asio::awaitable<T> Await(Starter starter) {
  return boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void(T)>(
      [](auto handler, Starter start) {
        // Called on the executor that the coroutine runs on, so that nothing needs to be posted.
        start([handler = std::move(handler)](T result) mutable { std::move(handler)(std::move(result)); });
      },
      boost::asio::use_awaitable, std::move(starter));
}

}  // namespace quoin::client
