// Asio's own definitions, compiled once for all.               [BOOST_ASIO_SEPARATE_COMPILATION]
#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>
