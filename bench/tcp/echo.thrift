namespace cpp warren.bench

struct EchoMessage {
  1: required string value
}

exception InvalidValue {
}

service EchoService {
  EchoMessage echo(1: EchoMessage request) throws (1: InvalidValue invalid)
}
