"""The command lines, each with its flags. `ntaa NAME` runs one.

They are no modules of the package's root, where `ntaa_tf.adapt` and
`ntaa_tf.predict` are functions and `ntaa_tf.compare` is a folder.
"""
