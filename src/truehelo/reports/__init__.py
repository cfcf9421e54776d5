"""Reports of receivers: octets -> aggregate, failure and TLS reports. Bounded, streaming, lossless.

Nothing here opens a file or asks the network (`intake`), keeps anything (`store.reports`), or judges.
"""
