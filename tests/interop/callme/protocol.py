"""What is pickled. The names of module, classes and attributes are the protocol."""


class RpcRequest:
    def __init__(self, func_name, func_args, func_kwargs):
        self.func_name = func_name
        self.func_args = func_args
        self.func_kwargs = func_kwargs


class RpcResponse:
    def __init__(self, result):
        self.result = result
