#pragma once

#include <warren/value.hpp>

#include "amqp/wire.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

/// The methods of the class connection.                                     [AMQP 0-9-1 1.4]
namespace warren::amqp {

struct ConnectionStart {
    static constexpr std::uint32_t id = 10 << 16 | 10;
    std::uint8_t version_major = 0;
    std::uint8_t version_minor = 0;
    std::span<const std::byte> server_properties{};  // a field table, its length first
    std::string_view mechanisms{};                   // separated by spaces
    std::string_view locales{};
};

struct ConnectionStartOk {
    static constexpr std::uint32_t id = 10 << 16 | 11;
    Value client_properties{};
    std::string_view mechanism{};
    std::string_view response{};
    std::string_view locale = "en_US";
};

struct ConnectionSecure {
    static constexpr std::uint32_t id = 10 << 16 | 20;
};

/// The broker's proposal; 0 stands for no limit, and for no heartbeats.
struct ConnectionTune {
    static constexpr std::uint32_t id = 10 << 16 | 30;
    std::uint16_t channel_max = 0;
    std::uint32_t frame_max = 0;
    std::uint16_t heartbeat = 0;
};

struct ConnectionTuneOk {
    static constexpr std::uint32_t id = 10 << 16 | 31;
    std::uint16_t channel_max = 0;
    std::uint32_t frame_max = 0;
    std::uint16_t heartbeat = 0;
};

struct ConnectionOpen {
    static constexpr std::uint32_t id = 10 << 16 | 40;
    std::string_view virtual_host{};
};

struct ConnectionOpenOk {
    static constexpr std::uint32_t id = 10 << 16 | 41;
};

/// connection.close and channel.close have the same arguments.
struct Close {
    std::uint16_t reply_code = 0;
    std::string_view reply_text{};
    std::uint16_t class_id = 0;
    std::uint16_t method_id = 0;
};

struct ConnectionClose : Close {
    static constexpr std::uint32_t id = 10 << 16 | 50;
};

struct ConnectionCloseOk {
    static constexpr std::uint32_t id = 10 << 16 | 51;
};

/// The broker stopped reading from us.                                  [RabbitMQ extension]
struct ConnectionBlocked {
    static constexpr std::uint32_t id = 10 << 16 | 60;
    std::string_view reason{};
};

struct ConnectionUnblocked {
    static constexpr std::uint32_t id = 10 << 16 | 61;
};

/// What the login said may run out: here is another one.                [RabbitMQ extension]
struct ConnectionUpdateSecret {
    static constexpr std::uint32_t id = 10 << 16 | 70;
    std::string_view secret{};
    std::string_view reason{};
};

struct ConnectionUpdateSecretOk {
    static constexpr std::uint32_t id = 10 << 16 | 71;
};

void write_arguments(Writer& writer, const ConnectionStartOk& method);
void write_arguments(Writer& writer, const ConnectionTuneOk& method);
void write_arguments(Writer& writer, const ConnectionOpen& method);
void write_arguments(Writer& writer, const Close& method);
void write_arguments(Writer& writer, const ConnectionUpdateSecret& method);
inline void write_arguments(Writer&, const ConnectionCloseOk&) {}

ConnectionStart read_connection_start(Reader& reader) noexcept;
ConnectionTune read_connection_tune(Reader& reader) noexcept;
ConnectionBlocked read_connection_blocked(Reader& reader) noexcept;
Close read_close(Reader& reader) noexcept;

}  // namespace warren::amqp
