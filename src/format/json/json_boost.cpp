// Boost.JSON's compiled part, here, so that its headers are all that is needed.
#include <boost/json/src.hpp>
