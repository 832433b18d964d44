w=1
x=2
y=3
z=4
