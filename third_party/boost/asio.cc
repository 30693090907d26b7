// The one place where Asio's definitions are compiled.
#include <boost/asio/impl/src.hpp>
