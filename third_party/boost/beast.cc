// The one place where Beast's non-template definitions are compiled.
#include <boost/beast/src.hpp>
