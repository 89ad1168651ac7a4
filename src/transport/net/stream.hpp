#pragma once

#include <boost/system/error_code.hpp>

#include <cstddef>
#include <memory>
#include <span>

namespace warren::transport {

/// Who a stream reports to. It stays alive as long as an operation is under way.
class StreamUser {
public:
    virtual ~StreamUser() = default;
    virtual void on_read(const boost::system::error_code& error, std::size_t count) = 0;
    virtual void on_written(const boost::system::error_code& error, std::size_t count) = 0;
};

/// A connected byte stream, in plaintext or under TLS. One read and one write at a time.
/// The memory given stays untouched by its owner until the operation ends, also after `close`.
class Stream {
public:
    virtual ~Stream() = default;
    virtual void start_read(std::span<std::byte> room, std::shared_ptr<StreamUser> user) = 0;
    /// Read what has come already; between reads that were started.
    /// out  how many bytes; fewer than there is room also where it has ended or failed: start a
    ///      read and hear of it
    virtual std::size_t read_now(std::span<std::byte> room) noexcept = 0;
    /// Write what can be written without waiting; between writes that were started.
    /// out  how many bytes; fewer than all also where it cannot tell or has failed: `start_write`
    ///      the rest and hear of it
    virtual std::size_t write_now(std::span<const std::byte> bytes) noexcept = 0;
    /// Write some of the bytes.
    virtual void start_write(std::span<const std::byte> bytes,
                             std::shared_ptr<StreamUser> user) = 0;
    /// Tell the peer that no more comes; what it sends can be read still.
    virtual void end_output() noexcept = 0;
    /// Operations under way end with an error, later.
    virtual void close() noexcept = 0;
};

}  // namespace warren::transport
