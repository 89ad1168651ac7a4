#pragma once

#include <amqp.h>
#include <amqp_tcp_socket.h>
#include <fcntl.h>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace warren::bench {

inline constexpr amqp_channel_t channel = 1;

inline amqp_bytes_t bytes(const std::string& text) {
    return {text.size(), const_cast<char*>(text.data())};  // NOLINT: rabbitmq-c never writes to it
}

inline void require(amqp_rpc_reply_t reply, const char* what) {
    if (reply.reply_type != AMQP_RESPONSE_NORMAL) {
        std::fprintf(stderr, "%s failed\n", what);
        std::exit(1);
    }
}

/// A connection with one open channel, without heartbeats. frame_max as RabbitMQ proposes it.
inline amqp_connection_state_t connect(int port) {
    amqp_connection_state_t connection = amqp_new_connection();
    amqp_socket_t* socket = amqp_tcp_socket_new(connection);
    if (amqp_socket_open(socket, "127.0.0.1", port) != AMQP_STATUS_OK) {
        std::fprintf(stderr, "cannot connect to port %d\n", port);
        std::exit(1);
    }
    require(amqp_login(connection, "/", 0, 131072, 0, AMQP_SASL_METHOD_PLAIN, "guest", "guest"),
            "login");
    amqp_channel_open(connection, channel);
    require(amqp_get_rpc_reply(connection), "channel.open");
    return connection;
}

inline void consume(amqp_connection_state_t connection, const std::string& queue,
                    std::uint16_t prefetch) {
    amqp_basic_qos(connection, channel, 0, prefetch, 0);
    require(amqp_get_rpc_reply(connection), "basic.qos");
    amqp_basic_consume(connection, channel, bytes(queue), amqp_empty_bytes, 0, 0, 0,
                       amqp_empty_table);
    require(amqp_get_rpc_reply(connection), "basic.consume");
}

inline void consume_requests(amqp_connection_state_t connection, const std::string& queue,
                             std::uint16_t prefetch) {
    amqp_queue_declare(connection, channel, bytes(queue), 0, 0, 0, 1, amqp_empty_table);
    require(amqp_get_rpc_reply(connection), "queue.declare");
    consume(connection, queue, prefetch);
}

/// A durable queue, without what an earlier run left in it.
inline void declare_durable(amqp_connection_state_t connection, const std::string& queue) {
    amqp_queue_declare(connection, channel, bytes(queue), 0, 1, 0, 0, amqp_empty_table);
    require(amqp_get_rpc_reply(connection), "queue.declare");
    amqp_queue_purge(connection, channel, bytes(queue));
    require(amqp_get_rpc_reply(connection), "queue.purge");
}

/// out  the name of the exclusive queue that replies come to
inline std::string consume_replies(amqp_connection_state_t connection) {
    const amqp_queue_declare_ok_t* declared =
        amqp_queue_declare(connection, channel, amqp_empty_bytes, 0, 0, 1, 1, amqp_empty_table);
    require(amqp_get_rpc_reply(connection), "queue.declare");
    const std::string name{static_cast<const char*>(declared->queue.bytes), declared->queue.len};
    amqp_basic_consume(connection, channel, bytes(name), amqp_empty_bytes, 0, 1, 1,
                       amqp_empty_table);
    require(amqp_get_rpc_reply(connection), "basic.consume");
    return name;
}

/// The bare socket of a session that is set up; rabbitmq-c leaves it non-blocking.
inline int blocking_socket(amqp_connection_state_t connection) {
    const int socket = amqp_get_sockfd(connection);
    fcntl(socket, F_SETFL, fcntl(socket, F_GETFL) & ~O_NONBLOCK);
    return socket;
}

}  // namespace warren::bench
