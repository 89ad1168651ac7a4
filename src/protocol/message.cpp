#include "protocol/message.hpp"

namespace warren::protocol {

Message::Message(const Envelope& envelope)
    : redelivered{envelope.redelivered},
      exchange_{envelope.exchange},
      routing_key_{envelope.routing_key},
      content_type_{envelope.content_type},
      content_encoding_{envelope.content_encoding},
      correlation_id_{envelope.correlation_id},
      reply_to_{envelope.reply_to},
      expiration_{envelope.expiration},
      message_id_{envelope.message_id},
      type_{envelope.type},
      user_id_{envelope.user_id},
      app_id_{envelope.app_id},
      body_{text_of(envelope.body)},
      has_empty_correlation_id_{envelope.has_empty_correlation_id},
      delivery_mode_{envelope.delivery_mode},
      priority_{envelope.priority},
      headers_{envelope.headers} {}

Envelope Message::view() const {
    return {.exchange = exchange_,
            .routing_key = routing_key_,
            .content_type = content_type_,
            .content_encoding = content_encoding_,
            .correlation_id = correlation_id_,
            .has_empty_correlation_id = has_empty_correlation_id_,
            .reply_to = reply_to_,
            .expiration = expiration_,
            .message_id = message_id_,
            .type = type_,
            .user_id = user_id_,
            .app_id = app_id_,
            .delivery_mode = delivery_mode_,
            .priority = priority_,
            .headers = headers_.value(),
            .body = bytes_of(body_),
            .redelivered = redelivered,
            .body_bytes = body_.size()};
}

}  // namespace warren::protocol
