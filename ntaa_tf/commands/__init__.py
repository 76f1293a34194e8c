"""The command lines, each with its flags. `python -m ntaa_tf.NAME` runs one.

They are no modules of the package's root, where `ntaa_tf.adapt` and
`ntaa_tf.predict` are functions.
"""
